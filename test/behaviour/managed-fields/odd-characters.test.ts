import { expect } from "chai";
import { configMap, World } from "../../support/world.js";

describe("Characters that YAML and Go read in their own ways arrive as Git has them", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("odd");
  });
  after(() => world?.remove());

  it("< > & and line separators in values are applied, stable, and healed", async () => {
    const data = { a: "<b>&", b: "x\u2028y\u2029z", c: "x\u0085y", d: "\ufeffx" };
    const repo = await world.repository("odd", { "x.yaml": configMap("odd", data) });
    await world.app("odd", "odd", ".");
    await world.synced("odd", await repo.head());
    const live = await world.kube.get(world.configMap("odd"));
    expect(live?.data).to.deep.equal(data);
    await world.poke("odd");
    expect((await world.kube.get(world.configMap("odd")))?.metadata.resourceVersion).to.equal(
      live?.metadata.resourceVersion,
    );
    await world.kube.patch(world.configMap("odd"), { data: { b: "drift" } });
    await world.kube.until(world.configMap("odd"), "is healed", (object) => (object.data as typeof data).b === data.b);
  });
});
