import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { type WebhookRule, type WebhookScope, WebhookServer } from "../../support/webhook-server.js";
import { condition, configMap, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";
import { ROWS } from "./rows.js";

const set = (key: string, value: string) => [{ op: "add", path: `/data/${key}`, value }];
const dataAt = (object: RawObject | undefined, key = "a"): string | undefined =>
  (object?.data as Record<string, string> | undefined)?.[key];

/** A webhook changes only writes of others than the operator. */
const onWritesOf =
  (manager: string, answer: object[]): WebhookRule =>
  (_object, { options }) =>
    options?.fieldManager === manager ? answer : undefined;

describe("Admission that changes what is applied is told once, and not fought", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  let webhooks: WebhookServer;
  before(async () => {
    world = await World.create("admission", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    webhooks = await WebhookServer.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
    await webhooks?.stop();
  });

  const scope = (name: string): WebhookScope => ({
    name,
    namespace: world.namespace,
    apiGroup: "",
    version: "v1",
    resource: "configmaps",
  });
  const read = (name: string): Promise<RawObject | undefined> => world.kube.get(world.configMap(name));
  const writes = (name: string): number =>
    proxy.writes(`/api/v1/namespaces/${world.namespace}/configmaps/${name}`, 0).length;
  /** Waits until the API server asks a webhook that it has just heard of, or has forgotten it. */
  const until = (test: (probe: RawObject) => boolean, labels: Record<string, string> = {}): Promise<unknown> =>
    waitUntil({ what: "the API server knows the webhook", timeoutMs: 30_000 }, async () =>
      test(
        await world.kube.apply(
          {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "probe", namespace: world.namespace, labels },
            data: { a: "probe" },
          },
          "thief",
          { dryRun: "All" },
        ),
      ),
    );
  /** Sets a webhook up for one object, works, and removes it. */
  const withWebhook = async (name: string, rule: WebhookRule, work: () => Promise<void>): Promise<void> => {
    const guarded: WebhookRule = (object, review) =>
      object.metadata.name === "probe"
        ? set("asked", name)
        : object.metadata.name === name
          ? rule(object, review)
          : undefined;
    await webhooks.install(world.kube, scope(name), guarded);
    try {
      await until((probe) => dataAt(probe, "asked") === name);
      await work();
    } finally {
      await webhooks.uninstall(world.kube, scope(name));
      await until((probe) => dataAt(probe, "asked") === undefined);
    }
  };
  const synced = async (name: string): Promise<void> => {
    const repo = await world.repository(name, {
      "x.yaml": configMap(name, { a: "one" }, "  labels: { same: same }\n"),
    });
    await world.app(name, name, ".");
    await world.synced(name, await repo.head());
  };
  const noted = (about: string, what: RegExp): Promise<string> =>
    waitUntil({ what: `an Event says ${what}`, timeoutMs: 60_000 }, async () =>
      (await world.events(about)).find((event) => what.test(event)),
    );

  it(`table A, ${ROWS.A2.text}: the value is put back`, async () => {
    await synced("rewritten");
    await withWebhook("rewritten", onWritesOf("thief", set("a", "mutated")), async () => {
      await world.kube.patch(world.configMap("rewritten"), { metadata: { labels: { x: "y" } } }, { manager: "thief" });
      await world.kube.until(world.configMap("rewritten"), "is put back", (object) => dataAt(object) === "one");
    });
  });

  it(`table A, ${ROWS.A3.text}: the value is put back`, async () => {
    await synced("same");
    const before = await read("same");
    await withWebhook("same", onWritesOf("thief", set("a", "mutated")), async () => {
      const after = await world.kube.patch(
        world.configMap("same"),
        { metadata: { labels: { same: "same" } } },
        { manager: "thief" },
      );
      expect(dataAt(after)).to.equal("mutated");
      expect(after.metadata.managedFields, "nobody's books have changed").to.deep.equal(before?.metadata.managedFields);
      await world.kube.until(world.configMap("same"), "is put back", (object) => dataAt(object) === "one");
    });
  });

  it(`table C, ${ROWS.C10.text}; table A, ${ROWS.A4.text}: told once, left alone, and put back when the webhook goes`, async () => {
    await withWebhook(
      "mutated",
      () => set("a", "mutated"),
      async () => {
        await synced("mutated");
        expect(dataAt(await read("mutated"))).to.equal("mutated");
        await noted("mutated", /ApplyWarning: ConfigMap .*mutated: .*changed \.data\.a; the changed value is kept/);
        const sent = writes("mutated");
        await world.poke("mutated");
        await world.poke("mutated");
        expect(writes("mutated"), "it is not fought").to.equal(sent);
        const events = (await world.events("mutated")).filter((event) => event.includes("the changed value is kept"));
        expect(events).to.have.length(1);
      },
    );
    await world.kube.until(world.configMap("mutated"), "is put back", (object) => dataAt(object) === "one", 60_000);
  });

  it(`table C, ${ROWS.C11.text}: the app works, says so, and sees drift by looking`, async () => {
    const strip: WebhookRule = (object) =>
      object.metadata.managedFields ? [{ op: "remove", path: "/metadata/managedFields" }] : undefined;
    await withWebhook("stripped", strip, async () => {
      await synced("stripped");
      expect((await read("stripped"))?.metadata.managedFields ?? []).to.deep.equal([]);
      await noted("stripped", /keeps no managed fields for it/);
      const sent = writes("stripped");
      await world.poke("stripped");
      await world.poke("stripped");
      expect(writes("stripped"), "it is not written again and again").to.equal(sent);
      await world.kube.patch(world.configMap("stripped"), { data: { a: "drift" } }, { manager: "thief" });
      await world.kube.until(world.configMap("stripped"), "is put back", (object) => dataAt(object) === "one");
      await world.synced("stripped");
    });
  });

  it(`table C, ${ROWS.C12.text}: refused before anything is written, and not tried in a loop`, async () => {
    const remove: WebhookRule = (object) =>
      object.metadata.labels?.["gitops.overseer.io/app"] === undefined
        ? undefined
        : [{ op: "remove", path: "/metadata/labels/gitops.overseer.io~1app" }];
    await withWebhook("unlabelled", remove, async () => {
      await world.repository("unlabelled", { "x.yaml": configMap("unlabelled", { a: "one" }) });
      await world.app("unlabelled", "unlabelled", ".");
      const app = await world.untilCondition("unlabelled", "Ready", "False", "ApplyRefused");
      expect(condition(app, "Ready")?.message).to.match(/removes the labels .*configure it to keep them/);
      expect(await read("unlabelled")).to.equal(undefined);
      expect(writes("unlabelled")).to.equal(0);
    });
  });

  it(`table C, ${ROWS.C13.text}: written once, not for ever`, async () => {
    const grow: WebhookRule = (object) => set("grows", `${dataAt(object, "grows") ?? ""}x`);
    await withWebhook("growing", grow, async () => {
      await synced("growing");
      const sent = writes("growing");
      const before = await read("growing");
      await world.poke("growing");
      await world.poke("growing");
      expect(writes("growing")).to.equal(sent);
      expect((await read("growing"))?.metadata.resourceVersion).to.equal(before?.metadata.resourceVersion);
    });
  });
});
