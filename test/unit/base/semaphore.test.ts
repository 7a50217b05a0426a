import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { mapLimit, Semaphore } from "../../../src/base/semaphore.js";

/** Work that ends when told. */
class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("Semaphore", () => {
  /** Lets work of these lanes wait for one permit, then gives the order in which it comes in. */
  const order = async (semaphore: Semaphore, lanes: readonly { readonly of: string; readonly urgent?: boolean }[]) => {
    const first = new Gate();
    const entered: string[] = [];
    const holder = semaphore.run(() => first.opened, { of: "holder" });
    const rest = lanes.map((lane, index) => semaphore.run(async () => void entered.push(`${lane.of}${index}`), lane));
    await turn();
    const early = [...entered];
    first.open();
    await Promise.all([holder, ...rest]);
    return { early, entered };
  };
  const app = (of: string) => ({ of });

  it("serves fairness keys round-robin: many of one do not delay another", async () => {
    const { entered } = await order(new Semaphore(1), [app("a"), app("a"), app("a"), app("b"), app("c"), app("b")]);
    expect(entered).to.deep.equal(["a0", "b3", "c4", "a1", "b5", "a2"]);
  });

  it("admits urgent requests first", async () => {
    const { entered } = await order(new Semaphore(1), [app("a"), app("b"), { of: "c", urgent: true }]);
    expect(entered).to.deep.equal(["c2", "a0", "b1"]);
  });

  it("keeps a reserve for urgent requests only", async () => {
    const urgent = { of: "c", urgent: true };
    const { early, entered } = await order(new Semaphore(1, 1), [app("a"), urgent, urgent]);
    expect(early).to.deep.equal(["c1", "c2"]);
    expect(entered).to.deep.equal(["c1", "c2", "a0"]);
  });

  it("admits as many as it has permits, the others in order of arrival", async () => {
    const semaphore = new Semaphore(2);
    const gates = Array.from({ length: 4 }, () => new Gate());
    const entered: number[] = [];
    const all = gates.map((gate, index) =>
      semaphore.run(async () => {
        entered.push(index);
        await gate.opened;
      }),
    );
    await turn();
    expect(entered).to.deep.equal([0, 1]);
    gates[1]?.open();
    await turn();
    expect(entered).to.deep.equal([0, 1, 2]);
    for (const gate of gates) gate.open();
    await Promise.all(all);
    expect(entered).to.deep.equal([0, 1, 2, 3]);
  });

  it("skips aborted waiters and keeps the order of the others", async () => {
    const semaphore = new Semaphore(1);
    const gate = new Gate();
    const entered: string[] = [];
    const controllers = Array.from({ length: 3 }, () => new AbortController());
    const holder = semaphore.run(() => gate.opened);
    const lanes = [{ of: "a" }, { of: "b" }, { of: "c", urgent: true }];
    const impatient = lanes.map((lane, index) =>
      failure(semaphore.run(async () => void entered.push("impatient"), lane, controllers[index]?.signal)),
    );
    const patient = ["a", "b"].map((of) => semaphore.run(async () => void entered.push(of), { of }));
    await turn();
    for (const controller of controllers) controller.abort(new Error("enough"));
    for (const end of impatient) expect(await end).to.have.property("message", "enough");
    gate.open();
    await Promise.all([holder, ...patient]);
    expect(entered).to.deep.equal(["a", "b"]);
    expect(await semaphore.run(async () => "in"), "the permit is there").to.equal("in");
    for (const { signal } of controllers) {
      expect(await failure(semaphore.run(async () => "in", undefined, signal))).to.have.property("message", "enough");
    }
  });

  it("removes its listener from the signal after admission", async () => {
    const semaphore = new Semaphore(1);
    const gate = new Gate();
    const { signal } = new AbortController();
    const works = [semaphore.run(() => gate.opened), semaphore.run(async () => {}, undefined, signal)];
    expect(getEventListeners(signal, "abort")).to.have.length(1);
    gate.open();
    await Promise.all(works);
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });

  it("releases the permit after a failure, and rethrows it", async () => {
    const semaphore = new Semaphore(1);
    const wrong = new Error("wrong");
    const first = failure(semaphore.run(() => Promise.reject(wrong)));
    const second = semaphore.run(async () => "in");
    expect(await first).to.equal(wrong);
    expect(await second).to.equal("in");
  });
});

describe("mapLimit", () => {
  it("keeps the order and never has more than the limit at work", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        async (pauses, limit) => {
          let running = 0;
          const results = await mapLimit(pauses, limit, async (pause, index) => {
            expect(++running).to.be.at.most(limit);
            for (let i = 0; i < pause; i++) await turn();
            running--;
            return index;
          });
          expect(results).to.deep.equal(pauses.map((_, index) => index));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("throws the first error after running work has ended, and starts nothing new", async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const gate = new Gate();
    const wrong = new Error("second");
    const result = failure(
      mapLimit([0, 1, 2, 3], 2, async (item) => {
        started.push(item);
        if (item === 1) throw wrong;
        await gate.opened;
        ended.push(item);
      }),
    );
    await turn();
    gate.open();
    expect(await result).to.equal(wrong);
    expect(started).to.deep.equal([0, 1]);
    expect(ended).to.deep.equal([0]);
  });

  it("rethrows any thrown value, including undefined", async () => {
    let thrown = false;
    await mapLimit([1], 1, () => Promise.reject(undefined)).catch(() => {
      thrown = true;
    });
    expect(thrown).to.equal(true);
  });

  it("does nothing for no items", async () => {
    expect(await mapLimit([], 4, () => Promise.reject(new Error("called")))).to.deep.equal([]);
  });
});
