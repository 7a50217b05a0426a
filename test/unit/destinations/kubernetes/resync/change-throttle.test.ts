import { expect } from "chai";
import { ChangeThrottle } from "../../../../../src/destinations/kubernetes/resync/change-throttle.js";
import { FakeClock } from "../../../support/fake-clock.js";

const MINUTE = 60_000;

/** Turns of three at once, then one every five minutes. */
function rig() {
  const clock = new FakeClock();
  const turns = new ChangeThrottle(clock, { burst: 3, perSecond: 1 / 300 });
  const followed: string[] = [];
  /** Resolves what is being followed, where a test holds it. */
  const ends: (() => void)[] = [];
  const newest = new Map<string, string>();
  const change = (thing: string, version = "", held = false): void => {
    newest.set(thing, version);
    turns.changed(thing, () => {
      followed.push(`${thing}${newest.get(thing)}`);
      return held ? new Promise((resolve) => ends.push(resolve)) : Promise.resolve();
    });
  };
  /** Lets what was begun come to its end, and time go by. */
  const pass = async (ms: number): Promise<void> => {
    await new Promise(setImmediate);
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  return { clock, turns, followed, ends, change, pass };
}

describe("ChangeThrottle", () => {
  it("processes the first changes of a key immediately", async () => {
    const { followed, change, pass } = rig();
    for (const _ of [1, 2, 3]) {
      change("a");
      await pass(0);
    }
    expect(followed).to.deep.equal(["a", "a", "a"]);
  });

  it("processes a key that keeps changing every five minutes, and always its last change", async () => {
    const { clock, followed, change, pass } = rig();
    for (let minute = 0; minute < 60; minute++) {
      change("a");
      await pass(MINUTE);
    }
    expect(followed.length).to.be.within(3 + 11, 3 + 12);
    change("a", " at last");
    await pass(5 * MINUTE);
    await pass(5 * MINUTE);
    expect(followed.at(-1)).to.equal("a at last");
    expect(clock.timers, "nothing is left to follow").to.deep.equal([]);
  });

  it("does not delay other keys", async () => {
    const { followed, change, pass } = rig();
    for (let count = 0; count < 20; count++) {
      change("restless");
      await pass(1_000);
    }
    followed.splice(0);
    change("other");
    expect(followed).to.deep.equal(["other"]);
  });

  it("restores the burst after a pause", async () => {
    const { followed, change, pass } = rig();
    for (let count = 0; count < 20; count++) {
      change("a");
      await pass(1_000);
    }
    await pass(20 * MINUTE);
    followed.splice(0);
    for (const _ of [1, 2, 3]) {
      change("a");
      await pass(0);
    }
    expect(followed).to.deep.equal(["a", "a", "a"]);
  });

  it("processes a change during a run after that run", async () => {
    const { followed, ends, change, pass } = rig();
    change("a", "1", true);
    change("a", "2");
    change("a", "3");
    await pass(MINUTE);
    expect(followed, "never two at a time").to.deep.equal(["a1"]);
    ends[0]?.();
    await pass(0);
    expect(followed, "both others at once").to.deep.equal(["a1", "a3"]);
    await pass(10 * MINUTE);
    expect(followed).to.have.length(2);
  });

  it("end", async () => {
    const { clock, turns, followed, change, pass } = rig();
    for (const _ of [1, 2, 3, 4]) {
      change("a");
      await pass(0);
    }
    turns.stop();
    await pass(10 * MINUTE);
    expect(followed).to.have.length(3);
    expect(clock.timers).to.deep.equal([]);
  });
});
