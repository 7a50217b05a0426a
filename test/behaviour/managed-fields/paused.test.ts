import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { condition, configMap, deployment, type LiveApp, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";

const RECONCILE = "gitops.overseer.io/reconcile";
const dataOf = (object: RawObject | undefined): unknown => object?.data;

describe("A live object that a person annotates reconcile: disabled", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  before(async () => {
    world = await World.create("paused", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    await world?.remove();
    await proxy?.stop();
  });

  const annotate = (ref: Parameters<typeof world.kube.patch>[0], value: string | null): Promise<unknown> =>
    world.kube.patch(ref, { metadata: { annotations: { [RECONCILE]: value } } }, { manager: "kubectl-annotate" });
  const told = (name: string, start: string): Promise<string> =>
    waitUntil({ what: `an Event ${start}`, timeoutMs: 60_000 }, async () =>
      (await world.events(name)).find((event) => event.startsWith(start)),
    );

  it("is not put back, and the app says so", async () => {
    const repo = await world.repository("app", {
      "x.yaml": configMap("held", { a: "one" }),
      "y.yaml": configMap("free", { a: "one" }),
    });
    await world.app("app", "app", ".");
    await world.synced("app", await repo.head());
    await annotate(world.configMap("held"), "disabled");
    const paused = await world.untilCondition("app", "Paused", "True", "ObjectPaused");
    expect(condition(paused, "Paused")?.message).to.match(/ConfigMap .*held: matches Git/);
    expect(condition(paused, "Synced")?.status).to.equal("True");
    await told("app", "ObjectPaused: ");
    const mark = proxy.requests.length;
    await world.kube.patch(world.configMap("held"), { data: { a: "mine" } }, { manager: "thief" });
    await world.kube.patch(world.configMap("free"), { data: { a: "theirs" } }, { manager: "thief" });
    await world.kube.until(
      world.configMap("free"),
      "is put back",
      (object) => (object.data as { a: string }).a === "one",
    );
    const app = await world.untilCondition("app", "Synced", "False", "ObjectPaused");
    expect(condition(app, "Ready")?.status).to.equal("True");
    expect(condition(app, "Paused")?.message).to.match(/ConfigMap .*held: differs from Git/);
    expect(dataOf(await world.kube.get(world.configMap("held")))).to.deep.equal({ a: "mine" });
    expect(proxy.writes(`/api/v1/namespaces/${world.namespace}/configmaps/held`, mark)).to.deep.equal([]);
  });

  it("is not written by a Change, which names it as kept, and not deleted when it leaves Git", async () => {
    const repo = await world.repository("change", {
      "x.yaml": configMap("written", { a: "one" }),
      "y.yaml": configMap("beside", { a: "one" }),
      "z.yaml": configMap("leaving", { a: "one" }),
    });
    await world.app("change", "change", ".");
    await world.synced("change", await repo.head());
    await annotate(world.configMap("written"), "disabled");
    await annotate(world.configMap("leaving"), "disabled");
    await world.kube.until<LiveApp>(world.appRef("change"), "names both", (app) =>
      /leaving.*written/.test(condition(app, "Paused")?.message ?? ""),
    );
    await repo.commit(
      { "x.yaml": configMap("written", { a: "two" }), "y.yaml": configMap("beside", { a: "two" }), "z.yaml": null },
      "two",
    );
    await world.poll("change");
    await world.untilCondition("change", "Synced", "False", "ObjectPaused");
    await world.kube.until(world.configMap("beside"), "is new", (object) => (object.data as { a: string }).a === "two");
    expect(dataOf(await world.kube.get(world.configMap("written")))).to.deep.equal({ a: "one" });
    expect(dataOf(await world.kube.get(world.configMap("leaving")))).to.deep.equal({ a: "one" });
    const change = (await world.changes("change")).at(-1);
    const kept = change?.status?.plan?.filter(({ verb }) => verb === "Keep").map(({ object }) => object);
    expect(kept).to.have.members([`ConfigMap ${world.namespace}/written`, `ConfigMap ${world.namespace}/leaving`]);
    await annotate(world.configMap("written"), null);
    await annotate(world.configMap("leaving"), null);
    await world.kube.until(
      world.configMap("written"),
      "is new",
      (object) => (object.data as { a: string }).a === "two",
    );
    await world.kube.untilGone(world.configMap("leaving"));
    const app = await world.synced("change", await repo.head());
    expect(condition(app, "Paused")).to.equal(undefined);
    await told("change", "ObjectResumed: ");
  });

  it("is put back when the annotation goes, also where generations are counted", async () => {
    const ref = world.object("apps/v1", "Deployment", "web");
    const repo = await world.repository("web", { "x.yaml": deployment("web", 1) });
    await world.app("web", "web", ".");
    await world.synced("web", await repo.head());
    await annotate(ref, "disabled");
    await world.untilCondition("web", "Paused", "True");
    await world.kube.patch(ref, { spec: { replicas: 3 } }, { manager: "thief" });
    await world.untilCondition("web", "Synced", "False", "ObjectPaused");
    await annotate(ref, null);
    await world.kube.until(ref, "is put back", (object) => (object.spec as { replicas: number }).replicas === 1);
    await world.synced("web");
  });

  it("in Git has no effect: the object is put back", async () => {
    const text = configMap("git", { a: "one" }, `  annotations: { "${RECONCILE}": disabled }\n`);
    const repo = await world.repository("git", { "x.yaml": text });
    await world.app("git", "git", ".");
    await world.synced("git", await repo.head());
    await world.kube.patch(world.configMap("git"), { data: { a: "drift" } }, { manager: "thief" });
    await world.kube.until(
      world.configMap("git"),
      "is put back",
      (object) => (object.data as { a: string }).a === "one",
    );
  });
});
