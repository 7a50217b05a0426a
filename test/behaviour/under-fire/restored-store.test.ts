import { expect } from "chai";
import { type ControlPlane, startControlPlane } from "../../../tools/control-plane.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestObject } from "../../support/kube.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { configMap, World } from "../../support/world.js";

/** Writes between backup and restore: so many versions the store goes back. */
const VERSIONS = 200;

/** Written after the backup, by nobody who would do so again. */
const BUSY = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "busy" };

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
        metadata: { name: BUSY.name, namespace: BUSY.namespace },
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
    // The objects of the app may have been corrected already; nobody makes this one again.
    expect(await world.kube.get(BUSY), "it is the old state").to.equal(undefined);
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

  it("adopts objects restored with new UIDs, and keeps those that are no longer in Git", async () => {
    const { kube } = world;
    const suspend = (wanted: boolean) => kube.patch(world.appRef("web"), { spec: { suspend: wanted } });
    await repo.commit({ "e.yaml": configMap("e", { v: "3" }) }, "with e");
    await world.poll("web");
    await world.synced("web", await repo.head());
    const saved = await Promise.all(["d", "e"].map((name) => kube.get(world.configMap(name))));
    await repo.commit({ "e.yaml": null }, "without e");
    await world.poll("web");
    await kube.untilGone(world.configMap("e"));
    await world.synced("web", await repo.head());
    await suspend(true);
    await world.untilCondition("web", "Ready", "True", "Suspended");
    await kube.delete(world.configMap("d"));
    for (const object of saved) {
      const { metadata, data } = object as unknown as {
        metadata: TestObject["metadata"] & { labels: object; annotations: object };
        data: object;
      };
      const { name, namespace = "", labels, annotations } = metadata;
      await kube.create({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace, labels, annotations },
        data,
      } as TestObject);
    }
    const restored = await kube.get(world.configMap("d"));
    await suspend(false);
    await repo.commit({ "d.yaml": configMap("d", { v: "4" }) }, "fourth");
    await world.poll("web");
    await world.synced("web", await repo.head(), 60_000);
    const now = await kube.get(world.configMap("d"));
    expect(value(now ?? {})).to.equal("4");
    expect(now?.metadata.uid, "it is not made again").to.equal(restored?.metadata.uid);
    expect(await kube.get(world.configMap("e")), "it was deleted once, but not since its restore").not.to.equal(
      undefined,
    );
  });
});
