import { expect } from "chai";
import { ResponseTooLargeError } from "../../../../src/kube/errors.js";
import { MAX_LINE_BYTES } from "../../../../src/kube/watch/watch-lines.js";
import { eventually } from "../../support/eventually.js";
import type { Call } from "../../support/fake-api-server.js";
import { added, bookmark, deleted, modified, object, Rig } from "../../support/reflector-rig.js";

const LIMITS = { responseBytes: 10_000, values: 1_000, page: 10, objects: 3 };

describe("kube/reflector: a server that sends too much", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start({}, LIMITS);
  });
  afterEach(() => rig.stop());

  /** Waits for the next failure, and gives its text; before it, all was well. */
  const failure = async (after: number): Promise<string> => {
    const error = await eventually("a failure", () => rig.syncs[after]);
    expect(error).to.be.instanceOf(ResponseTooLargeError);
    return (error as Error).message;
  };
  const four = [1, 2, 3, 4].map((n) => added(`n${n}`, n));
  const page = (call: Call, ...items: object[]): void => call.json({ metadata: { resourceVersion: "9" }, items });

  it("in an endless line: the watch fails, backs off, and recovers", async () => {
    const watch = await rig.synced(5, object("a", 1, 1));
    await eventually("the list", () => rig.syncs.length === 1);
    watch.write(Buffer.alloc(MAX_LINE_BYTES + 1, "x"));
    expect(await failure(1)).to.equal("WATCH /api/v1/things: an event exceeds 8 MiB");
    await eventually("the connection is closed", () => watch.left);
    expect(rig.store, "what was known stays").to.equal("a=1");
    expect(await rig.skipPause()).to.be.above(500);
    const again = await rig.synced(7, object("a", 1, 1), object("b", 6, 1));
    expect(again.query, "what there is is asked for anew").to.include({ sendInitialEvents: "true" });
    await eventually("the list", () => rig.syncs.length === 3);
    expect(rig.syncs[2]).to.equal(undefined);
    again.send(modified("a", 8, 2));
    await eventually("the change", () => rig.store === "a=2 b=1");
    expect(rig.take()).to.deep.equal(["+a!", "+b", "~a"]);
  });

  it("in a line with too many values, which is not parsed", async () => {
    (await rig.nextWatch()).open().send(added("a", 1, Array(1_001).fill(0)));
    expect(await failure(0)).to.equal("WATCH /api/v1/things: the response has more than 1000 JSON values");
    await rig.skipPause();
    await rig.synced(5, object("a", 1, 1));
    await eventually("the list", () => rig.store === "a=1");
  });

  it("in a list with too many objects, which is discarded while the copy stays", async () => {
    const first = await rig.nextWatch();
    first.open().send(...four);
    expect(await failure(0)).to.equal("/api/v1/things has more than 3 objects");
    await eventually("the connection is closed", () => first.left);
    expect([rig.reflector.synced, rig.store]).to.deep.equal([false, ""]);
    await rig.skipPause();
    (await rig.nextWatch()).open().send(...four.slice(1), deleted("n2", 5), added("n1", 6), bookmark(7, true));
    await eventually("the list", () => rig.reflector.synced);
    expect(rig.told).to.deep.equal(["+n3!", "+n4!", "+n1!"]);
  });

  it("in single events: the watch fails until there are fewer objects", async () => {
    const watch = await rig.synced(5, object("a", 1, 1), object("b", 2, 1), object("c", 3, 1));
    watch.send(modified("a", 6, 2), added("d", 7, 1));
    expect(await failure(1)).to.equal("/api/v1/things has more than 3 objects");
    expect(rig.store).to.equal("a=2 b=1 c=1");
    await rig.skipPause();
    (await rig.nextWatch()).open().send(...four, bookmark(8, true));
    expect(await failure(2)).to.equal("/api/v1/things has more than 3 objects");
    expect(rig.store, "nothing is taken for gone").to.equal("a=2 b=1 c=1");
    await rig.skipPause();
    await rig.synced(9, object("d", 7, 1));
    await eventually("the list", () => rig.store === "d=1");
    expect(rig.syncs[3]).to.equal(undefined);
  });

  it("in a page of a list, and requests smaller pages", async () => {
    (await rig.nextWatch()).status(400, "BadRequest");
    const sizes: unknown[] = [];
    for (const size of ["10", "3", "1"]) {
      const call = await rig.server.next();
      sizes.push(call.query.limit);
      expect(call.query.limit).to.equal(size);
      page(call, object("a", 1, "x".repeat(LIMITS.responseBytes)));
      expect(await failure(sizes.length - 1)).to.contain("exceeds the size limit");
      await rig.skipPause();
    }
    page(await rig.server.next(), object("a", 1, 1));
    await rig.nextWatch();
    expect(rig.store).to.equal("a=1");
  });

  it("in the pages of a list", async () => {
    (await rig.nextWatch()).status(400, "BadRequest");
    page(await rig.server.next(), ...[1, 2, 3, 4].map((n) => object(`n${n}`, n)));
    expect(await failure(0)).to.equal("/api/v1/things has more than 3 objects");
    expect(rig.store).to.equal("");
  });
});
