import { expect } from "chai";
import { condition, configMap, deployment, World } from "../support/world.js";

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
});
