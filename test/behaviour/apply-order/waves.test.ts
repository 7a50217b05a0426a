import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { TestRef } from "../../support/kube.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const wave = (number: number | string): string => `  annotations: { gitops.overseer.io/wave: "${number}" }\n`;
/** A Service that is healthy once it has an address, which only the test gives it. */
const service = (name: string, number: number, port = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n${wave(number)}spec: { type: LoadBalancer, ports: [{ port: ${port} }] }\n`;

describe("Waves", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("waves", { withoutOperator: true });
    await world.startOperator();
  });
  after(() => world?.remove());

  const serviceRef = (name: string): TestRef => world.object("v1", "Service", name);
  const giveAddress = (name: string): Promise<unknown> =>
    world.kube.patch(
      serviceRef(name),
      { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } },
      { subresource: "status" },
    );
  /** Waits until the open Change of an app says what it waits for. */
  const waits = (app: string, text: string): Promise<string> =>
    waitUntil({ what: `${app} waits for ${text}`, timeoutMs: 30_000 }, async () => {
      const change = (await world.changes(app)).at(-1);
      return change?.status?.waitingFor?.includes(text) ? change.status.waitingFor : undefined;
    });
  const versionOf = async (ref: TestRef): Promise<string | undefined> =>
    (await world.kube.get<RawObject>(ref))?.metadata.resourceVersion;

  it("are applied in order, each when the one before is healthy, even across restarts", async () => {
    const repo = await world.repository("order", {
      "c.yaml": `${configMap("order-last", {}, wave(5))}---\n${configMap("order-first", {}, wave(-1))}`,
      "lb.yaml": `${service("order-a", 0)}---\n${service("order-b", 5)}`,
    });
    await world.app("order", "order", ".");
    const text = await waits("order", "order-a");
    expect(text).to.equal(
      `later waves wait until wave 0 is healthy: Service ${world.namespace}/order-a: is waiting for a load balancer address`,
    );
    expect(await world.kube.get(world.configMap("order-first"))).to.not.equal(undefined);
    for (const ref of [world.configMap("order-last"), serviceRef("order-b")])
      expect(await world.kube.get(ref), ref.name).to.equal(undefined);
    const before = await versionOf(world.configMap("order-first"));
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    await world.poke("order");
    expect(await world.kube.get(world.configMap("order-last"))).to.equal(undefined);
    await giveAddress("order-a");
    await world.kube.until(serviceRef("order-b"), "exists", () => true);
    const [change] = await world.changes("order");
    expect(change?.status?.phase).to.be.oneOf(["Applying", "Verifying"]);
    await giveAddress("order-b");
    await world.synced("order", await repo.head());
    const changes = await world.changes("order");
    expect(changes.map(({ status }) => status?.phase)).to.deep.equal(["Succeeded"]);
    expect(await versionOf(world.configMap("order-first")), "is written once").to.equal(before);
  });

  it("do not start on the health of before the write, and do not hold self-heal or newer inputs", async () => {
    const task = (version: string): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: stale\n${wave(1)}spec:\n  replicas: 1\n  selector: { matchLabels: { app: stale } }\n  template:\n    metadata: { labels: { app: stale } }\n    spec: { ${version === "bad" ? "nodeSelector: { disk: none }, " : ""}containers: [{ name: web, image: "registry.example/web:${version}" }] }\n`;
    const files = (version: string, last: string): Record<string, string> => ({
      "d.yaml": task(version),
      "c.yaml": configMap("stale-last", { last }, wave(2)),
      "kept.yaml": configMap("stale-kept", { v: "1" }, wave(3)),
    });
    const repo = await world.repository("stale", files("1", "1"));
    await world.app("stale", "stale", ".");
    await world.synced("stale", await repo.head());
    await repo.commit(files("bad", "2"), "a rollout that does not end");
    await world.poll("stale");
    await waits("stale", "Deployment");
    expect((await world.kube.get(world.configMap("stale-last")))?.data).to.deep.equal({ last: "1" });
    await world.kube.patch(world.configMap("stale-kept"), { data: { v: "drifted" } });
    await world.kube.until(
      world.configMap("stale-kept"),
      "is restored",
      ({ data }) => (data as { v: string }).v === "1",
    );
    await world.kube.delete(world.configMap("stale-kept"));
    await world.kube.until(world.configMap("stale-kept"), "is re-created", () => true);
    expect((await world.kube.get(world.configMap("stale-last")))?.data).to.deep.equal({ last: "1" });
    const third = await repo.commit(files("3", "3"), "a fix");
    await world.poll("stale");
    await world.synced("stale", third);
    expect((await world.changes("stale")).map(({ status }) => status?.phase)).to.deep.equal([
      "Succeeded",
      "Superseded",
      "Succeeded",
    ]);
  });

  it("fail the Change after health.timeout, and continue when objects become healthy later", async () => {
    const repo = await world.repository("late", {
      "lb.yaml": service("late-a", 0),
      "c.yaml": configMap("late-b", {}, wave(1)),
    });
    await world.app("late", "late", ".", { health: { timeout: "3s" } });
    const app = await world.untilCondition("late", "Ready", "False", "WaveFailed");
    expect(condition(app, "Ready")?.message).to.contain(
      `wave 0 failed, and later waves were not applied: not healthy after 3s: Service ${world.namespace}/late-a: is waiting`,
    );
    const [first] = await world.changes("late");
    expect(first?.status?.phase).to.equal("Failed");
    expect(first?.status?.stopped).to.deep.equal({ wave: 0 });
    await world.operator.stop();
    await world.operator.start();
    await world.poke("late");
    await world.untilCondition("late", "Ready", "False", "WaveFailed");
    expect(await world.kube.get(world.configMap("late-b")), "no self-heal of what was never written").to.equal(
      undefined,
    );
    await repo.commit({ "broken.yaml": "a: [" }, "broken");
    await world.poll("late");
    await world.untilCondition("late", "Ready", "False", "RenderFailed");
    await world.poke("late");
    expect(await world.kube.get(world.configMap("late-b")), "nor while newer inputs are refused").to.equal(undefined);
    await repo.commit({ "broken.yaml": null }, "fixed");
    await world.poll("late");
    await giveAddress("late-a");
    await world.untilCondition("late", "Ready", "True");
    expect(await world.kube.get(world.configMap("late-b"))).to.not.equal(undefined);
    const causes = (await world.changes("late")).map(({ spec, status }) => `${spec.cause} ${status?.phase}`);
    expect(causes.at(-1)).to.equal("Retry Succeeded");
  });

  it("are deleted in reverse order, each when the one before is gone", async () => {
    const hold = (name: string, number: number): string =>
      configMap(name, {}, `  finalizers: [example.com/hold]\n${wave(number)}`);
    const repo = await world.repository("prune", {
      "a.yaml": service("prune-a", 0),
      "b.yaml": hold("prune-b", 1),
      "c.yaml": hold("prune-c", 2),
    });
    await world.app("prune", "prune", ".", { sync: { pruneBudget: "100%" } });
    await world.kube.until(serviceRef("prune-a"), "exists", () => true);
    await giveAddress("prune-a");
    await world.synced("prune", await repo.head());
    const second = await repo.commit({ "a.yaml": service("prune-n", 0), "b.yaml": null, "c.yaml": null }, "less");
    await world.poll("prune");
    expect(await waits("prune", "deletions wait")).to.contain(
      `until wave 0 is healthy: Service ${world.namespace}/prune-n`,
    );
    const deleted = async (name: string): Promise<boolean> =>
      (await world.kube.get<RawObject>(world.configMap(name)))?.metadata.deletionTimestamp !== undefined;
    expect(await deleted("prune-c")).to.equal(false);
    await giveAddress("prune-n");
    await waits(
      "prune",
      `waiting for deletion of ConfigMap ${world.namespace}/prune-c before objects of earlier waves`,
    );
    expect(await deleted("prune-b")).to.equal(false);
    await world.kube.patch(world.configMap("prune-c"), { metadata: { finalizers: null } });
    await waitUntil({ what: "prune-b is deleted", timeoutMs: 30_000 }, () => deleted("prune-b"));
    await world.kube.patch(world.configMap("prune-b"), { metadata: { finalizers: null } });
    await world.kube.untilGone(serviceRef("prune-a"));
    await world.synced("prune", second);
  });

  it("are not needed to delete an object last", async () => {
    const last = configMap("last-old", {}, "  annotations: { 'argocd.argoproj.io/sync-options': PruneLast=true }\n");
    const service = `apiVersion: v1\nkind: Service\nmetadata: { name: last-new }\nspec: { type: LoadBalancer, ports: [{ port: 80 }] }\n`;
    const repo = await world.repository("last", { "a.yaml": last });
    await world.app("last", "last", ".");
    await world.synced("last", await repo.head());
    const second = await repo.commit({ "a.yaml": service }, "exchange");
    await world.poll("last");
    await waits("last", "deletions wait");
    expect(await world.kube.get(world.configMap("last-old"))).to.not.equal(undefined);
    await giveAddress("last-new");
    await world.synced("last", second);
    await world.kube.untilGone(world.configMap("last-old"));
  });

  it("end in reverse order with their app", async () => {
    const hold = configMap("end-b", {}, `  finalizers: [example.com/hold]\n${wave(1)}`);
    const repo = await world.repository("end", { "a.yaml": configMap("end-a", {}), "b.yaml": hold });
    await world.app("end", "end", ".");
    await world.synced("end", await repo.head());
    await world.kube.delete(world.appRef("end"));
    await world.kube.until<LiveApp>(world.appRef("end"), "waits", (app) =>
      (condition(app, "Ready")?.message ?? "").includes("end-b"),
    );
    expect((await world.kube.get<RawObject>(world.configMap("end-a")))?.metadata.deletionTimestamp).to.equal(undefined);
    await world.kube.patch(world.configMap("end-b"), { metadata: { finalizers: null } });
    await world.kube.untilGone(world.appRef("end"));
    expect(await world.kube.get(world.configMap("end-a"))).to.equal(undefined);
  });

  it("work as in the example of their page", async () => {
    const page = await readFile(join(repositoryRoot(), "docs/sync/waves.md"), "utf8");
    const [, example = ""] = /^```yaml\n(.*?)^```$/ms.exec(page) ?? [];
    const repo = await world.repository("page", { "shop.yaml": example });
    await world.app("page", "page", ".");
    await world.synced("page", await repo.head());
    const [database, web] = await Promise.all(
      ["database", "web"].map((name) => world.kube.get<RawObject>(world.object("apps/v1", "Deployment", name))),
    );
    const { conditions = [] } = (database?.status ?? {}) as {
      conditions?: { type: string; lastTransitionTime: string }[];
    };
    const available = conditions.find(({ type }) => type === "Available")?.lastTransitionTime ?? "none";
    expect(String(web?.metadata.creationTimestamp) >= available, `${available} before web`).to.equal(true);
  });

  it("must be integers", async () => {
    await world.repository("word", { "sub/a.yaml": `# a comment\n${configMap("word", {}, wave("first"))}` });
    await world.app("word", "word", "sub");
    const app = await world.untilCondition("word", "Ready", "False", "RenderFailed");
    expect(condition(app, "Ready")?.message).to.match(
      /sub\/a\.yaml:\d: ConfigMap .*word: annotation gitops\.overseer\.io\/wave is "first": must be an integer of at most nine digits/,
    );
  });
});
