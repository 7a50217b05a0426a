import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import { condition, configMap, deployment, type LiveApp, World } from "../support/world.js";

describe("An app is synced from Git", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("sync");
  });
  after(() => world?.remove());

  it("applies what the repository holds and is Ready at the commit, with no user action", async () => {
    const repo = await world.repository("shop", {
      "k8s/config.yaml": configMap("settings", { colour: "blue" }),
      "k8s/web.yaml": deployment("web", 2),
    });
    await world.app("shop", "shop", "k8s");
    const app = await world.synced("shop", await repo.head());
    expect(app.status?.applied?.revision).to.equal(`main@sha1:${await repo.head()}`);
    expect(app.status?.health).to.equal("Healthy");
    expect(app.status?.counts).to.deep.equal({ objects: 2, healthy: 2 });
    expect(condition(app, "Reconciling")).to.equal(undefined);
    expect((await world.kube.get(world.configMap("settings")))?.data).to.deep.equal({ colour: "blue" });
    const [change] = await world.changes("shop");
    expect(change?.status?.phase).to.equal("Succeeded");
    expect(change?.status?.summary).to.equal("+2 ~0 -0");
  });

  it("brings a new commit and says so in a Change and an Event", async () => {
    const repo = await world.repository("next", { "app/config.yaml": configMap("next", { step: "1" }) });
    await world.app("next", "next", "app");
    await world.synced("next", await repo.head());
    const second = await repo.commit({ "app/config.yaml": configMap("next", { step: "2" }) }, "second");
    await world.poll("next");
    await world.synced("next", second);
    expect((await world.kube.get(world.configMap("next")))?.data).to.deep.equal({ step: "2" });
    const changes = await world.changes("next");
    expect(
      changes.map((change) => [change.metadata.name, change.spec.cause, change.status?.phase, change.status?.summary]),
    ).to.deep.equal([
      ["next-1", "Revision", "Succeeded", "+1 ~0 -0"],
      ["next-2", "Revision", "Succeeded", "+0 ~1 -0"],
    ]);
    expect(changes[1]?.status?.plan?.[0]?.diff).to.deep.equal([{ path: ".data.step", from: '"1"', to: '"2"' }]);
    expect(changes[1]?.status?.plan?.[0]?.origin).to.equal("app/config.yaml:1");
    await world.told("next", `Synced: main@sha1:${second.slice(0, 12)} is applied and healthy (+0 ~1 -0)`);
  });

  it("does not touch an app whose path a commit does not touch, nor write anything for it", async () => {
    const repo = await world.repository("two", {
      "a/x.yaml": configMap("two-a", { v: "1" }),
      "b/x.yaml": configMap("two-b", { v: "1" }),
    });
    await world.app("two-a", "two", "a");
    await world.app("two-b", "two", "b");
    await world.synced("two-a");
    const before = await world.synced("two-b");
    const second = await repo.commit({ "a/x.yaml": configMap("two-a", { v: "2" }) }, "only a");
    await world.poll("two");
    await world.synced("two-a", second);
    const after = await world.kube.get<LiveApp>(world.appRef("two-b"));
    expect(after?.metadata.resourceVersion).to.equal(before.metadata.resourceVersion);
    expect(await world.changes("two-b")).to.have.length(1);
  });

  it("shows a commit that only adds comments as applied, without a Change", async () => {
    const repo = await world.repository("note", { "x.yaml": configMap("note", { v: "1" }) });
    await world.app("note", "note", ".");
    await world.synced("note");
    const before = await world.kube.get(world.configMap("note"));
    const second = await repo.commit({ "x.yaml": `# said better\n${configMap("note", { v: "1" })}` }, "comment");
    await world.poll("note");
    await world.synced("note", second);
    expect((await world.kube.get(world.configMap("note")))?.metadata.resourceVersion).to.equal(
      before?.metadata.resourceVersion,
    );
    expect(await world.changes("note")).to.have.length(1);
  });

  it("is not taken for ready by a tool that knows kstatus before the operator has seen it", async () => {
    await world.operator.stop();
    const app = await world.app("unseen", "shop", "k8s");
    expect(app.status?.observedGeneration).to.equal(-1);
    const repository = await world.kube.apply<LiveApp>({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name: "unseen", namespace: world.namespace },
      spec: { url: "https://127.0.0.1/x" },
    });
    expect(repository.status?.observedGeneration).to.equal(-1);
  });
});
