import { expect } from "chai";
import { ServerMemory } from "../../../../src/kube/client/server-memory.js";
import { KubeConnectionError } from "../../../../src/kube/errors.js";
import { eventually } from "../../support/eventually.js";
import { added, bookmark, deleted, errorEvent, modified, object, Rig } from "../../support/reflector-rig.js";

const MIB = 1024 * 1024;

describe("kube/reflector: what is kept of a server with limits", () => {
  let rig: Rig;
  let memory: ServerMemory;
  let allowed: number;
  beforeEach(async () => {
    allowed = Number.POSITIVE_INFINITY;
    memory = new ServerMemory(() => {
      if (memory.kept > allowed) memory.refuse(new KubeConnectionError("too much", undefined));
    });
    const limits = { responseBytes: 10_000, values: 1_000, page: 10, objects: 1_000, memory };
    rig = await Rig.start({ sizeOf: ({ value }) => Number(value) }, limits);
  });
  afterEach(() => rig.stop());

  it("is counted for each object, and freed with it", async () => {
    const watch = await rig.synced(5, object("a", 1, 1_000));
    await eventually("the list", () => rig.reflector.synced);
    const one = memory.kept;
    expect(one).to.be.within(1_000, 1_200);
    watch.send(added("b", 6, 1_000), modified("a", 7, 5_000));
    await eventually("both", () => rig.store === "a=5000 b=1000");
    expect(memory.kept).to.equal(2 * one + 4_000);
    watch.send(deleted("a", 8), { ...added("c", 9, 1_000), object: { metadata: { name: {}, resourceVersion: "9" } } });
    await eventually("the deletion", () => rig.store === "b=1000");
    expect(memory.kept).to.equal(one);
    expect(memory.largest()).to.include({ path: "/api/v1/things", bytes: one });
    await rig.reflector.stop();
    expect([memory.kept, memory.largest()]).to.deep.equal([0, undefined]);
  });

  it("is not counted twice for a list that replaces it, nor after a list that failed", async () => {
    const watch = await rig.synced(5, object("a", 1, 1_000), object("b", 2, 1_000));
    await eventually("the list", () => rig.reflector.synced);
    const two = memory.kept;
    watch.send(errorEvent(410, "Expired"));
    const again = await rig.nextWatch();
    again.open().send(added("a", 1, 1_000), added("b", 2, 1_000), added("c", 6, 1_000));
    await eventually("the events of the list", () => memory.kept > two);
    expect(memory.kept, "one object more").to.equal(1.5 * two);
    again.cut();
    await eventually("what was received is freed", () => memory.kept === two);
  });

  it("ends the list that exceeds it, before the objects are stored", async () => {
    allowed = 3 * MIB;
    const watch = await rig.nextWatch();
    watch.open().send(...[1, 2, 3, 4, 5, 6].map((n) => added(`n${n}`, n, MIB)), bookmark(9, true));
    const error = await eventually("the failure", () => rig.syncs[0]);
    expect((error as Error).message).to.equal("too much");
    expect(rig.store).to.equal("");
    await eventually("the list is freed", () => memory.kept === 0);
  });
});
