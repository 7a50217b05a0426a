import { expect } from "chai";
import { dump, loadAll } from "js-yaml";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { caseFile } from "../../support/cases.js";
import type { TestObject, TestRef } from "../../support/kube.js";
import { WebhookServer } from "../../support/webhook-server.js";
import { condition, World } from "../../support/world.js";

const ADMISSION = "admissionregistration.k8s.io/v1";
const webhook = (name: string): TestRef => ({ apiVersion: ADMISSION, kind: "ValidatingWebhookConfiguration", name });

/** The case's operator under names of its own. `pods`: fields of its pod template. */
async function operator(name: string, pods = ""): Promise<{ readonly text: string; readonly group: string }> {
  const group = `${name}.example.com`;
  const text = (await caseFile("webhook-before-service/operator.yaml"))
    .replaceAll("gate.example.com", group)
    .replaceAll("gate-op", name)
    .replace("metadata: {name: gate}", `metadata: {name: ${name}}`)
    .replace("spec: {containers:", `spec: {${pods}containers:`);
  return { text, group };
}
/** A pod that no node takes: its Deployment never becomes healthy. */
const NOWHERE = "nodeSelector: {nowhere: 'true'}, ";

describe("An operator with a webhook, in one commit", function () {
  this.timeout(180_000);
  let world: World;
  let server: WebhookServer;
  before(async () => {
    world = await World.create("hooked");
    server = await WebhookServer.start(world.controlPlane);
  });
  after(async () => {
    await server?.resume().catch(() => {});
    for (const name of ["down", "late", "bound", "broken"])
      await world?.kube.delete(webhook(`${world.namespace}-${name}`));
    await server?.stop();
    await world?.remove();
  });

  const space = (name: string) => `${world.namespace}-${name}`;
  const widget = (group: string): TestRef => ({ apiVersion: `${group}/v1`, kind: "Widget", name: "default" });
  const deployment = (name: string): TestRef => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    namespace: name,
    name: "op",
  });
  const exists = async (ref: TestRef): Promise<boolean> => (await world.kube.get(ref)) !== undefined;
  const lastChange = async (app: string) => (await world.changes(app)).at(-1)?.status;

  /** Waits until only the Widget of a Change is not written, because its webhook does not answer. */
  const untilOnlyRefused = (app: string): Promise<unknown> =>
    waitUntil({ what: "the webhook refuses the rest", timeoutMs: 60_000 }, async () => {
      const { phase, plan = [], waitingFor = "" } = (await lastChange(app)) ?? {};
      const rest = plan.filter(({ result }) => result !== "Done").map(({ object }) => object);
      return phase === "Applying" && rest.join() === "Widget default" && waitingFor.includes("failed calling webhook");
    });

  const untilAsked = async (group: string): Promise<void> => {
    await waitUntil({ what: "the webhook is asked", timeoutMs: 30_000 }, async () => {
      const probe = { apiVersion: `${group}/v1`, kind: "Widget", metadata: { name: "probe" } };
      const refused = await world.kube.apply(probe).then(
        () => false,
        () => true,
      );
      await world.kube.delete({ ...probe, name: "probe" });
      return refused;
    });
  };

  it("gets its webhook once its Deployment is healthy, and only rejected objects wait", async () => {
    const name = space("down");
    const { text, group } = await operator(name);
    const repo = await world.repository("down", { "all.yaml": text });
    await world.app("down", "down", ".", { sync: { retry: { base: "1s", max: "2s" } } });
    const app = await world.untilCondition("down", "Ready", "False", "ApplyFailed", 90_000);
    expect(condition(app, "Ready")?.message).to.contain("5 of 6 were written").and.contain("Widget default");
    const made = (await world.kube.get(webhook(name)))?.metadata.creationTimestamp ?? "";
    const ready = (
      await world.kube.get<RawObject & { status?: { conditions?: { type: string; lastTransitionTime: string }[] } }>(
        deployment(name),
      )
    )?.status?.conditions?.find(({ type }) => type === "Available");
    expect(made >= (ready?.lastTransitionTime ?? "9"), "the webhook is made when the Deployment is available").to.equal(
      true,
    );
    expect(await exists({ apiVersion: "v1", kind: "Service", namespace: name, name: "hook" })).to.equal(true);
    expect(
      (await lastChange("down"))?.plan?.filter(({ result }) => result !== "Done").map(({ object }) => object),
    ).to.deep.equal(["Widget default"]);
    // A change of a live webhook is not held up by what serves it, nor by what it refuses.
    const head = await repo.commit(
      { "all.yaml": text.replace("failurePolicy: Fail", "failurePolicy: Ignore") },
      "let it in",
    );
    await world.poll("down");
    await world.synced("down", head, 60_000);
    expect(await exists(widget(group))).to.equal(true);
  });

  it("is written except for the object that waits for an unavailable webhook", async () => {
    const name = space("late");
    const { text, group } = await operator(name);
    const scope = { name: "late", namespace: "late", apiGroup: group, version: "v1", resource: "widgets" };
    const configuration = server.manifest(scope, () => [
      { op: "add", path: "/metadata/labels/judged", value: "yes" },
    ]) as TestObject & { webhooks: Record<string, unknown>[] };
    const webhooks = configuration.webhooks.map(({ namespaceSelector: _, ...rest }) => rest);
    await server.pause();
    const documents = (loadAll(text) as TestObject[]).filter(({ kind }) => kind !== "ValidatingWebhookConfiguration");
    const all = [...documents, { ...configuration, metadata: { name }, webhooks }];
    await world.repository("late", { "all.yaml": all.map((one) => dump(one)).join("---\n") });
    await world.app("late", "late", ".", { sync: { retry: { base: "1s", max: "2s" } } });
    await untilOnlyRefused("late");
    expect(await exists(deployment(name))).to.equal(true);
    await server.resume();
    await world.synced("late", undefined, 60_000);
    expect((await world.kube.get(widget(group)))?.metadata.labels?.judged).to.equal("yes");
    expect(await world.changes("late"), "one Change").to.have.length(1);
    await world.kube.delete({ apiVersion: ADMISSION, kind: "MutatingWebhookConfiguration", name });
  });

  it("has no webhook while its Deployment is not healthy, even after a restart", async () => {
    const name = space("pending");
    const { text, group } = await operator(name, NOWHERE);
    const repo = await world.repository("pending", { "all.yaml": text });
    await world.app("pending", "pending", ".");
    await waitUntil({ what: "the Change waits", timeoutMs: 60_000 }, async () =>
      (await lastChange("pending"))?.waitingFor?.includes("Widget default waits for"),
    );
    const status = await lastChange("pending");
    expect(status?.phase).to.equal("Applying");
    expect(status?.waitingFor).to.contain(`ValidatingWebhookConfiguration ${name} waits for Deployment ${name}/op`);
    expect(status?.plan?.filter(({ result }) => result === "Done")).to.have.length(4);
    await repo.commit({ "broken.yaml": "kind: [" }, "cannot be read");
    await world.poll("pending");
    await world.untilCondition("pending", "Ready", "False", "RenderFailed");
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    await world.untilCondition("pending", "Ready", "False", "RenderFailed");
    await world.poke("pending");
    expect(await exists(webhook(name)), "healing keeps the order, too").to.equal(false);
    expect(await exists(widget(group))).to.equal(false);
    const head = await repo.commit(
      {
        "broken.yaml": null,
        "all.yaml": text.replace(NOWHERE, "").replace("failurePolicy: Fail", "failurePolicy: Ignore"),
      },
      "mended",
    );
    await world.poll("pending");
    await world.synced("pending", head, 60_000);
    expect(await exists(webhook(name))).to.equal(true);
    expect(await exists(widget(group))).to.equal(true);
    await world.kube.delete(webhook(name));
  });

  it("is written completely after health.timeout, first what its webhook judges", async () => {
    const name = space("bound");
    const { text, group } = await operator(name, NOWHERE);
    await world.repository("bound", { "all.yaml": text });
    await world.app("bound", "bound", ".", { health: { timeout: "6s" } });
    await world.kube.until(webhook(name), "is there", () => true, 60_000);
    expect(await exists(widget(group)), "it was let in before").to.equal(true);
    const app = await world.untilCondition("bound", "Ready", "False", "HealthTimeout", 60_000);
    expect(condition(app, "Ready")?.message).to.contain(`Deployment ${name}/op`);
  });

  it("is written over a webhook that is there and broken, but for what that refuses", async () => {
    const name = space("broken");
    const { text, group } = await operator(name);
    const [, definition] = loadAll(text) as TestObject[];
    const configuration = (loadAll(text) as TestObject[]).find(({ kind }) => kind === "ValidatingWebhookConfiguration");
    if (!definition || !configuration) throw new Error("not in the case");
    await world.kube.apply(definition);
    await world.kube.apply(configuration);
    await world.kube.resource(`${group}/v1`, "Widget");
    await untilAsked(group);
    const rest = (loadAll(text) as TestObject[]).filter(({ kind }) => !/Definition|Configuration/.test(kind));
    await world.repository("broken", { "all.yaml": rest.map((one) => dump(one)).join("---\n") });
    await world.app("broken", "broken", ".", { sync: { retry: { base: "1s", max: "2s" } } });
    await untilOnlyRefused("broken");
    expect(await exists(deployment(name))).to.equal(true);
    await world.kube.delete(webhook(name));
    await world.synced("broken", undefined, 60_000);
    expect(await exists(widget(group))).to.equal(true);
  });

  it("lets a commit through that takes the webhook away which refuses the rest of it", async () => {
    const name = space("away");
    const { text, group } = await operator(name);
    const documents = loadAll(text) as TestObject[];
    const asText = (some: readonly TestObject[]) => some.map((one) => dump(one)).join("---\n");
    const without = (kinds: RegExp) => documents.filter(({ kind }) => !kinds.test(kind));
    const repo = await world.repository("away", { "all.yaml": asText(without(/Widget/)) });
    await world.app("away", "away", ".", { sync: { retry: { base: "1s", max: "2s" } } });
    await world.synced("away", undefined, 60_000);
    await untilAsked(group);
    const head = await repo.commit({ "all.yaml": asText(without(/Configuration/)) }, "no webhook");
    await world.poll("away");
    await world.synced("away", head, 60_000);
    expect(await exists(widget(group))).to.equal(true);
    expect(await exists(webhook(name))).to.equal(false);
    expect((await lastChange("away"))?.summary).to.equal("+1 ~0 -1");
  });
});
