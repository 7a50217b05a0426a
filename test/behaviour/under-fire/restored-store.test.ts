import { expect } from "chai";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import type { GitRepo } from "../../support/git-server.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { configMap, World } from "../../support/world.js";

/** Writes between backup and restore: so many versions the store goes back. */
const VERSIONS = 200;

describe("A store that is restored from a backup", function () {
  this.timeout(240_000);
  let plane: ControlPlane;
  let world: World;
  let repo: GitRepo;
  before(async () => {
    plane = await startControlPlane({ controllerManager: false, scheduler: false, kwok: false });
    world = await World.create("restored", { controlPlane: plane });
    repo = await world.repository("web", {
      "a.yaml": configMap("a", { v: "1" }),
      "c.yaml": configMap("c", { v: "1" }),
    });
    await world.app("web", "web", ".");
    await world.synced("web", await repo.head());
    await plane.store.backUp();
    await repo.commit(
      { "a.yaml": configMap("a", { v: "2" }), "c.yaml": null, "d.yaml": configMap("d", { v: "2" }) },
      "second",
    );
    await world.poll("web");
    await world.synced("web", await repo.head(), 60_000);
    await world.kube.untilGone(world.configMap("c"));
    for (let n = 0; n < VERSIONS; n++)
      await world.kube.apply({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "busy", namespace: "default" },
        data: { n: String(n) },
      });
    await plane.store.restore();
  });
  after(async () => {
    await world?.remove();
    await plane?.stop();
  });

  const value = (of: object): unknown => (of as { data?: { v?: string } }).data?.v;

  it("is brought to what Git says again, by the operator that ran all along", async () => {
    expect(value((await world.kube.get(world.configMap("a"))) ?? {}), "it is the old state").to.equal("1");
    await world.kube.until(world.configMap("a"), "is as Git says", (object) => value(object) === "2", 60_000);
    await world.kube.until(world.configMap("d"), "is there again", (object) => value(object) === "2", 60_000);
    await world.kube.untilGone(world.configMap("c"), 60_000);
    await world.synced("web", await repo.head(), 60_000);
    await expectCalmLog(world.operator, [/./]);
  });

  it("is followed from there: what drifts is healed at once", async () => {
    await world.kube.patch(world.configMap("a"), { data: { v: "drifted" } }, { manager: "somebody" });
    await world.kube.until(world.configMap("a"), "is healed", (object) => value(object) === "2");
    await repo.commit({ "a.yaml": configMap("a", { v: "3" }) }, "third");
    await world.poll("web");
    await world.synced("web", await repo.head());
  });
});
