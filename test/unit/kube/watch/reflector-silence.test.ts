import { expect } from "chai";
import { KubeConnectionError } from "../../../../src/kube/errors.js";
import { SILENCE_MS } from "../../../../src/kube/watch/watch-liveness.js";
import { eventually } from "../../support/eventually.js";
import type { Call } from "../../support/fake-api-server.js";
import { added, bookmark, object, Rig } from "../../support/reflector-rig.js";

describe("kube/reflector: silence", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start({ silenceMs: SILENCE_MS });
  });
  afterEach(() => rig.stop());

  /** The next watch, once the pause before it is over. */
  async function afterPause(): Promise<Call> {
    await rig.skipPause();
    return rig.nextWatch();
  }

  async function synced(): Promise<Call> {
    const watch = await rig.synced(5, object("a", 1, 1));
    await eventually("synced", () => rig.reflector.synced);
    rig.take();
    return watch;
  }

  it("of 90 s ends a watch, which resumes where it stopped", async () => {
    const dead = await synced();
    rig.clock.advance(SILENCE_MS - 1);
    expect(dead.left).to.equal(false);
    rig.clock.advance(1);
    const next = await afterPause();
    await eventually("the dead one is let go", () => dead.left);
    expect(next.query).to.include({ resourceVersion: "5" }).and.not.to.have.property("sendInitialEvents");
    expect(rig.syncs[1]).to.be.instanceOf(KubeConnectionError);
    expect((rig.syncs[1] as Error).message).to.include("no data received for 90 s");
    expect(rig.reflector.synced).to.equal(true);
    next.open().send(added("b", 6, 1));
    await eventually("the event", () => rig.told.length === 1);
  });

  it("is broken by bookmarks: a quiet watch stays open", async () => {
    const watch = await synced();
    for (let minute = 1; minute <= 4; minute++) {
      rig.clock.advance(60_000);
      watch.send(bookmark(5 + minute), added(`m${minute}`, 20 + minute, 1));
      await eventually("it is heard", () => rig.told.length === minute);
    }
    expect(watch.left).to.equal(false);
    expect(rig.server.calls.length).to.equal(1);
  });

  it("extends the next wait up to ten minutes until data arrives", async () => {
    let watch = await synced();
    const limits: number[] = [];
    const reached = async (): Promise<number> => {
      const [ms = 0] = rig.clock.timers;
      rig.clock.advance(ms);
      return ms;
    };
    for (let round = 0; round < 2; round++) {
      limits.push(Math.round(await reached()));
      watch = (await afterPause()).open();
      await eventually("it follows", () => rig.clock.timers.length === 2);
    }
    expect(limits).to.deep.equal([90_000, 180_000]);
    watch.send(bookmark(9));
    await eventually("it is heard", () => rig.server.open > 0);
    watch.send(added("b", 10, 1));
    await eventually("the event", () => rig.told.length === 1);
    watch.end();
    await afterPause();
    expect(Math.round(rig.clock.timers[0] ?? 0)).to.equal(SILENCE_MS);
  });

  it("counts from the request, also during a streaming list, which is then listed in pages", async () => {
    const first = await rig.nextWatch();
    first.open().send(added("a", 1, 1));
    rig.clock.advance(SILENCE_MS);
    await rig.skipPause();
    const list = await rig.server.next();
    expect(list.query).to.deep.equal({ limit: "500" });
    expect(first.left).to.equal(true);
    expect(rig.syncs[0]).to.be.instanceOf(KubeConnectionError);
    list.json({ metadata: { resourceVersion: "9" }, items: [object("a", 1, 1)] });
    expect((await rig.nextWatch()).query.resourceVersion).to.equal("9");
    expect(rig.take()).to.deep.equal(["+a!"]);
  });

  it("after a complete streaming list does not disable streaming lists", async () => {
    await synced();
    rig.clock.advance(SILENCE_MS);
    (await afterPause()).status(410, "Expired");
    expect((await rig.nextWatch()).query).to.include({ sendInitialEvents: "true" });
  });

  it("is measured by the monotonic clock", async () => {
    const watch = await synced();
    rig.clock.set(86_400_000);
    rig.clock.advance(60_000);
    rig.clock.set(-172_800_000);
    watch.send(added("b", 6, 1));
    await eventually("the event", () => rig.told.length === 1);
    expect(rig.server.calls.length).to.equal(1);
  });
});
