import { expect } from "chai";
import fc from "fast-check";
import { PRIORITY, type Priority, WorkQueue } from "../../../src/reconcile/work-queue.js";
import { eventually } from "../support/eventually.js";
import { FakeClock } from "../support/fake-clock.js";

describe("reconcile/work-queue", () => {
  let clock: FakeClock;
  let queue: WorkQueue;
  beforeEach(() => {
    clock = new FakeClock();
    queue = new WorkQueue(clock);
  });

  /** Takes all waiting keys, in order of delivery. */
  async function takeAll(): Promise<string[]> {
    const keys: string[] = [];
    while (queue.depth > 0) keys.push((await queue.take()) ?? "");
    return keys;
  }

  it("delivers by priority, then in order of arrival", async () => {
    queue.add("background", PRIORITY.background);
    queue.add("change", PRIORITY.change);
    queue.add("user", PRIORITY.user);
    queue.add("drift-1", PRIORITY.drift);
    queue.add("drift-2", PRIORITY.drift);
    expect(await takeAll()).to.deep.equal(["drift-1", "drift-2", "user", "change", "background"]);
  });

  it("delivers a key that has waited long between others of higher priority, but not before all of them", async () => {
    for (const key of ["timer-1", "timer-2"]) queue.add(key, PRIORITY.background);
    clock.advance(10_001);
    for (const key of ["a", "b", "c", "d", "e", "f", "g"]) queue.add(key, PRIORITY.change);
    expect((await takeAll()).join(" ")).to.equal("a b c timer-1 d e f timer-2 g");
  });

  it("holds a key once, with the highest priority requested", async () => {
    for (const key of ["a", "b", "c"]) queue.add(key, PRIORITY.change);
    queue.add("a", PRIORITY.change);
    queue.add("b", PRIORITY.background);
    queue.add("c", PRIORITY.drift);
    expect(queue.depth).to.equal(3);
    expect(await takeAll()).to.deep.equal(["c", "a", "b"]);
  });

  it("delivers keys to waiting takers in order, each once", async () => {
    const takers = [queue.take(), queue.take()];
    queue.add("a", PRIORITY.change);
    queue.add("b", PRIORITY.drift);
    expect(await Promise.all(takers)).to.deep.equal(["a", "b"]);
    expect(queue.depth).to.equal(0);
    expect(queue.idle).to.equal(false);
  });

  it("delivers only urgent keys to limited takers, and only if no other taker is free", async () => {
    const given: string[] = [];
    const take = (who: string, upTo?: Priority): void => {
      void queue.take(upTo).then((key) => given.push(`${who} ${key}`));
    };
    take("express", PRIORITY.drift);
    queue.add("a", PRIORITY.background);
    queue.add("b", PRIORITY.user);
    expect(queue.depth).to.equal(2);
    take("any");
    queue.add("c", PRIORITY.drift);
    take("any");
    queue.add("d", PRIORITY.drift);
    await eventually("all that can be given", () => given.length === 3);
    expect(given).to.deep.equal(["any b", "express c", "any a"]);
    expect(queue.depth).to.equal(1);
    queue.close();
  });

  it("delivers a key added while being processed again, once, with the highest priority", async () => {
    queue.add("a", PRIORITY.change);
    await queue.take();
    for (const priority of [PRIORITY.background, PRIORITY.drift, PRIORITY.user]) queue.add("a", priority);
    queue.add("b", PRIORITY.user);
    expect(queue.depth).to.equal(1);
    queue.done("a", 0);
    expect(await takeAll()).to.deep.equal(["a", "b"]);
    queue.done("a", 0);
    queue.done("b", 0);
    expect(queue.idle).to.equal(true);
  });

  for (const [what, times, expected] of [
    ["one time", [500], [500]],
    ["an earlier time that is set stays", [500, 900], [500]],
    ["a later time that is set is brought forward", [500, 100], [100]],
    ["no time at all", [0], [0]],
    ["a time in the past", [-5], [0]],
  ] as const) {
    it(`adds a key later: ${what}`, () => {
      for (const ms of times) queue.addAfter("a", ms, PRIORITY.user);
      expect(clock.timers).to.deep.equal(expected);
      const [due] = expected;
      if (due > 0) clock.advance(due - 1);
      expect(queue.depth).to.equal(0);
      clock.advance(1);
      expect(queue.depth).to.equal(1);
      clock.advance(10_000);
      expect(queue.depth).to.equal(1);
    });
  }

  it("delivers a key again whose timer fires while it is processed", async () => {
    queue.add("a", PRIORITY.change);
    await queue.take();
    queue.addAfter("a", 10, PRIORITY.background);
    clock.advance(10);
    expect(queue.depth).to.equal(0);
    queue.done("a", 0);
    expect(await takeAll()).to.deep.equal(["a"]);
  });

  it("cancels a timer", () => {
    queue.addAfter("a", 10, PRIORITY.user);
    queue.forget("a");
    queue.forget("b");
    expect(clock.timers).to.deep.equal([]);
  });

  it("delivers nothing after it is closed", async () => {
    const waiting = queue.take();
    queue.addAfter("a", 10, PRIORITY.user);
    queue.close();
    expect(clock.timers).to.deep.equal([]);
    queue.add("b", PRIORITY.user);
    queue.addAfter("c", 10, PRIORITY.user);
    clock.advance(100);
    expect(await waiting).to.equal(undefined);
    expect(await queue.take()).to.equal(undefined);
    expect(clock.timers).to.deep.equal([]);
  });

  it("reports depth, waiting time and processing time", async () => {
    const seen: unknown[] = [];
    queue = new WorkQueue(clock, {
      added: (depth) => seen.push(["added", depth]),
      taken: (depth, seconds) => seen.push(["taken", depth, seconds]),
      finished: (seconds) => seen.push(["finished", seconds]),
    });
    queue.add("a", PRIORITY.background);
    queue.add("a", PRIORITY.background);
    queue.add("b", PRIORITY.user);
    clock.advance(2000);
    queue.add("a", PRIORITY.drift);
    const started = clock.monotonic();
    await queue.take();
    clock.advance(500);
    queue.done("a", started);
    expect(seen).to.deep.equal([
      ["added", 1],
      ["added", 2],
      ["added", 2],
      ["taken", 1, 2],
      ["finished", 0.5],
    ]);
  });

  const key = fc.constantFrom("a", "b", "c", "d");
  const priority = fc.constantFrom<Priority>(0, 1, 2, 3);
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), key, priority }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("later" as const), key, priority, ms: fc.nat(50) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("done" as const), nth: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(60) }) },
  );

  it("never delivers a key twice at once, and loses none, for any operations", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        clock = new FakeClock();
        queue = new WorkQueue(clock);
        const working: string[] = [];
        /** Keys added after their last processing started. */
        const owed = new Set<string>();
        let takers = 0;
        const take = (): void => {
          takers++;
          void queue.take().then((taken) => {
            if (taken === undefined) return;
            takers--;
            expect(working).not.to.include(taken);
            expect(owed.delete(taken)).to.equal(true);
            working.push(taken);
          });
        };
        const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
        const finish = (nth: number): void => {
          const [ended] = working.splice(nth % Math.max(1, working.length), 1);
          if (ended !== undefined) queue.done(ended, 0);
        };
        const later = new Map<string, number>();
        const pass = (ms: number): void => {
          clock.advance(ms);
          for (const [due, at] of later) {
            if (at > clock.monotonic()) continue;
            owed.add(due);
            later.delete(due);
          }
        };
        for (const one of actions) {
          if (one.do === "add") {
            owed.add(one.key);
            queue.add(one.key, one.priority);
          } else if (one.do === "later") {
            const at = clock.monotonic() + one.ms;
            later.set(one.key, Math.min(at, later.get(one.key) ?? at));
            queue.addAfter(one.key, one.ms, one.priority);
          } else if (one.do === "take") {
            if (takers < 2) take();
          } else if (one.do === "done") finish(one.nth);
          else pass(one.ms);
          await turn();
        }
        pass(1000);
        for (let i = 0; i < 20; i++) {
          if (takers === 0) take();
          await turn();
          finish(0);
        }
        expect([...owed]).to.deep.equal([]);
        expect(queue.idle).to.equal(true);
        queue.close();
      }),
      { numRuns: 150 },
    );
  });

  it("delivers by priority, then by arrival, for any keys", async () => {
    const adds = fc.array(fc.record({ key, priority }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(adds, async (list) => {
        queue = new WorkQueue(clock);
        const expected = new Map<string, { priority: number; at: number }>();
        for (const [at, one] of list.entries()) {
          queue.add(one.key, one.priority);
          const known = expected.get(one.key);
          if (!known || one.priority < known.priority) expected.set(one.key, { priority: one.priority, at });
        }
        const order = [...expected].sort(([, a], [, b]) => a.priority - b.priority || a.at - b.at);
        expect(await takeAll()).to.deep.equal(order.map(([name]) => name));
      }),
    );
  });
});
