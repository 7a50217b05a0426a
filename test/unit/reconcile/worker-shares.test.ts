import { expect } from "chai";
import fc from "fast-check";
import { PRIORITY, WorkQueue } from "../../../src/reconcile/work-queue.js";
import { WorkerShares } from "../../../src/reconcile/worker-shares.js";
import { FakeClock } from "../support/fake-clock.js";

const WORKERS = 8;

/** A queue with workers, whose keys `namespace/name@server` are done when told. */
function rig(workers = WORKERS) {
  const groupsOf = (key: string): string[] => [`namespace ${key.split("/")[0]}`, `server ${key.split("@")[1]}`];
  const clock = new FakeClock();
  const queue = new WorkQueue(clock, undefined, new WorkerShares(workers, groupsOf));
  const running: string[] = [];
  const taken: string[] = [];
  const work = async (): Promise<void> => {
    const key = await queue.take();
    if (key === undefined) return;
    running.push(key);
    taken.push(key);
  };
  for (let at = 0; at < workers; at++) void work();
  const done = async (key: string): Promise<void> => {
    running.splice(running.indexOf(key), 1);
    queue.done(key, clock.monotonic());
    void work();
    await rest();
  };
  return { clock, queue, running, taken, done };
}

async function rest(): Promise<void> {
  for (let at = 0; at < 5; at++) await Promise.resolve();
}

describe("reconcile/worker-shares", () => {
  it("gives keys of one namespace half of the workers, so that those of another one begin at once", async () => {
    const { queue, running, done } = rig();
    for (let at = 0; at < 20; at++) queue.add(`slow/${at}@host${at}`, PRIORITY.user);
    await rest();
    expect(running).to.deep.equal([0, 1, 2, 3].map((at) => `slow/${at}@host${at}`));
    expect(queue.depth).to.equal(16);
    queue.add("good/a@good", PRIORITY.background);
    await rest();
    expect(running.at(-1)).to.equal("good/a@good");
    await done("slow/0@host0");
    expect(running.at(-1), "the next one follows when one is done: others hold a worker").to.equal("good/a@good");
    await done("good/a@good");
    expect(running.at(-1)).to.equal("slow/4@host4");
    await done("slow/1@host1");
    expect(running.slice(-2)).to.deep.equal(["slow/4@host4", "slow/5@host5"]);
  });

  it("gives keys of one server half of the workers, whoever they are of", async () => {
    const { queue, running } = rig();
    for (let at = 0; at < 8; at++) queue.add(`n${at}/a@slow`, PRIORITY.change);
    queue.add("n0/b@fast", PRIORITY.change);
    await rest();
    expect(running).to.deep.equal(["n0/a@slow", "n1/a@slow", "n2/a@slow", "n3/a@slow", "n0/b@fast"]);
  });

  it("always gives one worker to a group", async () => {
    const { queue, running } = rig(1);
    queue.add("a/1@x", PRIORITY.change);
    await rest();
    expect(running).to.deep.equal(["a/1@x"]);
  });

  it("keeps time and priority of a held key, and delivers one that was added again while held once", async () => {
    const { clock, queue, running, done } = rig(2);
    queue.add("a/1@x", PRIORITY.background);
    queue.add("a/2@y", PRIORITY.background);
    queue.add("a/3@z", PRIORITY.background);
    await rest();
    clock.advance(3_000);
    queue.add("a/3@z", PRIORITY.user);
    queue.add("a/2@y", PRIORITY.background);
    expect(queue.depth).to.equal(2);
    expect(queue.oldestMs).to.equal(3_000);
    await done("a/1@x");
    expect(running).to.deep.equal(["a/3@z"]);
    await done("a/3@z");
    expect(running).to.deep.equal(["a/2@y"]);
    await done("a/2@y");
    expect(queue.idle).to.equal(true);
  });

  it("delivers the most urgent held key first, also one that has become urgent while held", async () => {
    const { queue, running, done } = rig(2);
    for (const at of [1, 2, 3]) queue.add(`a/${at}@x`, PRIORITY.background);
    queue.add("a/4@x", PRIORITY.change);
    queue.add("a/3@x", PRIORITY.user);
    await rest();
    await done("a/1@x");
    expect(running).to.deep.equal(["a/3@x"]);
    await done("a/3@x");
    expect(running).to.deep.equal(["a/4@x"]);
    await done("a/4@x");
    expect(running).to.deep.equal(["a/2@x"]);
  });

  it("loses no key, exceeds no share, and delivers all in the end, in any order of events", async () => {
    const group = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(fc.tuple(group, fc.integer({ min: 0, max: 9 }), group), fc.constant("done" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { queue, running, taken, done } = rig();
        const added = new Set<string>();
        const inNamespaceOf = (key: string): number =>
          running.filter((other) => other.split("/")[0] === key.split("/")[0]).length;
        for (const one of steps) {
          if (one === "done") {
            if (running[0] !== undefined) await done(running[0]);
          } else {
            const key = `${one[0]}/${one[1]}@${one[2]}`;
            added.add(key);
            queue.add(key, PRIORITY.change);
            await rest();
          }
          for (const key of running) expect(inNamespaceOf(key)).to.be.at.most(WORKERS / 2);
        }
        for (let left = 200; running.length > 0 && left > 0; left--) await done(running[0] ?? "");
        expect(queue.idle).to.equal(true);
        expect(new Set(taken)).to.deep.equal(added);
      }),
      { numRuns: 200 },
    );
  });
});
