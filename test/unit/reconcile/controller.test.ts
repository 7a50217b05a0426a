import { expect } from "chai";
import { OverseerError } from "../../../src/base/errors.js";
import { KubeConnectionError } from "../../../src/kube/errors.js";
import { Controller, type ControllerOptions, type Reconcile } from "../../../src/reconcile/controller.js";
import { PRIORITY } from "../../../src/reconcile/work-queue.js";
import { eventually } from "../support/eventually.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

const expected = (retryAfterMs?: number): OverseerError =>
  new OverseerError("no such branch", {
    code: "GIT_NO_REF",
    reason: "ReferenceNotFound",
    class: "retryable",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

describe("reconcile/controller", () => {
  let clock: FakeClock;
  let logger: FakeLogger;
  let controller: Controller;
  const finished: string[] = [];
  beforeEach(() => {
    clock = new FakeClock();
    logger = new FakeLogger();
    finished.length = 0;
  });
  afterEach(() => controller.stop());

  function start(reconcile: Reconcile, more: Partial<ControllerOptions> = {}): void {
    controller = new Controller({ name: "apps", clock, logger, workers: 2, reconcile, ...more });
    controller.start();
  }

  /** Returns the delay until the key is added again. */
  const delay = (): Promise<number> => eventually("the key is to come back", () => clock.timers[0]);

  it("passes key, a child logger and a signal to the reconcile", async () => {
    const seen: unknown[] = [];
    start(async (key, own, signal) => {
      own.info("hello");
      seen.push(key, signal.aborted);
      return {};
    });
    controller.queue.add("shop/web", PRIORITY.change);
    await eventually("one reconcile", () => seen.length > 0 && controller.queue.idle);
    expect(seen).to.deep.equal(["shop/web", false]);
    expect(logger.lines[0]).to.deep.include({ level: "info", message: "hello" });
    expect(logger.lines[0]?.fields)
      .to.include({ controller: "apps", key: "shop/web" })
      .and.to.have.property("reconcileId");
    expect(clock.timers).to.deep.equal([]);
  });

  it("processes as many keys at once as there are workers", async () => {
    const running: string[] = [];
    const gates: (() => void)[] = [];
    start(async (key) => {
      running.push(key);
      await new Promise<void>((resolve) => gates.push(resolve));
      return {};
    });
    controller.start();
    for (const key of ["a", "b", "c"]) controller.queue.add(key, PRIORITY.change);
    await eventually("two at work", () => running.length === 2);
    expect(controller.queue.depth).to.equal(1);
    gates.shift()?.();
    await eventually("the third", () => running.length === 3);
    for (const gate of gates) gate();
  });

  it("does not delay drift behind 1,000 slow background reconciles", async () => {
    const running: string[] = [];
    const gates: (() => void)[] = [];
    start(async (key) => {
      running.push(key);
      if (key !== "drifted") await new Promise<void>((resolve) => gates.push(resolve));
      return {};
    });
    for (let i = 0; i < 1000; i++) controller.queue.add(`slow-${i}`, PRIORITY.background);
    await eventually("all at work", () => running.length === 2);
    controller.queue.add("edited", PRIORITY.user);
    controller.queue.add("drifted", PRIORITY.drift);
    await eventually("drift is looked at", () => running.length === 3);
    expect(running).to.deep.equal(["slow-0", "slow-1", "drifted"]);
    gates.shift()?.();
    await eventually("the next one", () => running.length === 4);
    expect(running[3]).to.equal("edited");
    for (const gate of gates) gate();
    const stopped = controller.stop();
    for (const gate of gates) gate();
    await stopped;
  });

  it("adds a key again when the reconcile requests it", async () => {
    start(async () => ({ requeueAfterMs: 5000 }));
    controller.queue.add("a", PRIORITY.change);
    expect(await delay()).to.equal(5000);
  });

  it("retries a failed key with increasing delay up to two minutes, reset by a success", async () => {
    let fail = true;
    start(async () => {
      if (fail) throw expected();
      return {};
    });
    controller.queue.add("a", PRIORITY.change);
    for (let failures = 1; failures <= 14; failures++) {
      const ms = await delay();
      const base = Math.min(120_000, 200 * 2 ** (failures - 1));
      expect(ms, `failure ${failures}`).to.be.within(base * 0.8, base * 1.2);
      if (failures === 14) fail = false;
      clock.advance(ms);
    }
    await eventually("the success", () => controller.queue.idle && clock.timers.length === 0);
    fail = true;
    controller.queue.add("a", PRIORITY.change);
    expect(await delay()).to.be.within(160, 240);
  });

  it("does not extend the delay by attempts that events brought forward", async () => {
    let runs = 0;
    start(async () => {
      runs++;
      throw expected();
    });
    controller.queue.add("a", PRIORITY.change);
    const first = await delay();
    for (let event = 1; event <= 20; event++) {
      controller.queue.add("a", PRIORITY.background);
      await eventually("tried again", () => runs === event + 1 && controller.queue.idle);
    }
    expect(logger.lines.at(-1)?.fields?.failures).to.equal(1);
    expect(clock.timers).to.have.length(1);
    expect(clock.timers[0]).to.be.closeTo(first, 0.001);
  });

  it("retries within 12 s while the API server is unavailable, and all failed keys on request", async () => {
    let away = true;
    const runs: string[] = [];
    start(async (key) => {
      runs.push(key);
      if (away && key !== "well") throw new KubeConnectionError("refused", undefined);
      return {};
    });
    controller.queue.add("well", PRIORITY.change);
    controller.queue.add("a", PRIORITY.change);
    for (let failure = 1; failure <= 12; failure++) {
      await eventually("it fails", () => logger.lines.length === failure && controller.queue.idle);
      const wait = await delay();
      expect(wait).to.be.at.most(12_000);
      if (failure < 12) clock.advance(wait);
    }
    away = false;
    runs.length = 0;
    controller.retryFailed();
    await eventually("tried again", () => runs.length > 0 && controller.queue.idle);
    expect(runs).to.deep.equal(["a"]);
    controller.retryFailed();
    expect(controller.queue.idle, "nothing fails any more").to.equal(true);
  });

  it("counts failures per key", async () => {
    start(async () => Promise.reject(expected()));
    controller.queue.add("a", PRIORITY.change);
    for (let i = 0; i < 4; i++) {
      await eventually("it fails", () => logger.lines.length === i + 1 && controller.queue.idle);
      if (i < 3) clock.advance(await delay());
    }
    controller.queue.add("b", PRIORITY.change);
    await eventually("it fails", () => logger.lines.length === 5);
    expect(logger.lines.map(({ fields }) => fields.failures)).to.deep.equal([1, 2, 3, 4, 1]);
  });

  it("honors Retry-After, even over an earlier timer", async () => {
    let fail = false;
    start(async () => {
      if (fail) throw expected(30_000);
      return { requeueAfterMs: 1000 };
    });
    controller.queue.add("a", PRIORITY.change);
    expect(await delay()).to.equal(1000);
    fail = true;
    controller.queue.add("a", PRIORITY.change);
    await eventually("it fails", () => logger.lines.length === 1);
    expect(clock.timers).to.deep.equal([30_000]);
  });

  it("logs the stack of unexpected errors only", async () => {
    start(async (key) => {
      if (key === "expected") throw expected();
      if (key === "text") throw "just text";
      throw new TypeError("x is not a function");
    });
    for (const key of ["expected", "unexpected", "text"]) controller.queue.add(key, PRIORITY.change);
    await eventually("all fail", () => logger.lines.length === 3);
    const fields = new Map(logger.lines.map((line) => [line.fields.key, line.fields]));
    expect(fields.get("expected"))
      .to.include({ error: "no such branch", failures: 1 })
      .and.not.to.have.property("stack");
    expect(fields.get("text")).to.include({ error: "just text" }).and.not.to.have.property("stack");
    expect(fields.get("unexpected")?.stack).to.include("controller.test");
    for (const line of logger.lines) expect(line).to.include({ level: "error", message: "reconcile failed" });
  });

  it("continues after a reconcile that throws synchronously", async () => {
    const seen: string[] = [];
    start(
      (key) => {
        seen.push(key);
        if (key === "bad") throw new Error("at once");
        return Promise.resolve({});
      },
      { workers: 1 },
    );
    controller.queue.add("bad", PRIORITY.drift);
    controller.queue.add("good", PRIORITY.change);
    await eventually("both", () => seen.length === 2);
  });

  it("reports result and duration of each reconcile", async () => {
    let started = 0;
    const observer = {
      started: () => started++,
      finished: (result: string, seconds: number) => finished.push(`${result} ${seconds}`),
    };
    const results: Record<string, Reconcile> = {
      a: async () => ({}),
      b: async () => ({ requeueAfterMs: 1 }),
      c: async () => Promise.reject(expected()),
    };
    start(
      async (key, own, signal) => {
        clock.advance(250);
        return results[key]?.(key, own, signal) ?? {};
      },
      { observer, workers: 1 },
    );
    for (const key of ["a", "b", "c"]) controller.queue.add(key, PRIORITY.change);
    await eventually("all", () => finished.length >= 3);
    expect(finished.slice(0, 3)).to.deep.equal(["success 0.25", "requeue_after 0.25", "error 0.25"]);
    expect(started).to.be.at.least(3);
  });

  it("aborts and awaits running reconciles on stop, and starts no more", async () => {
    const seen: string[] = [];
    let aborted = false;
    let release = (): void => {};
    start(
      async (key, _, signal) => {
        seen.push(key);
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        throw new Error("ended early");
      },
      { workers: 1 },
    );
    controller.queue.add("a", PRIORITY.change);
    controller.queue.add("b", PRIORITY.change);
    await eventually("at work", () => seen.length === 1);
    let stopped = false;
    const stop = controller.stop().then(() => {
      stopped = true;
    });
    await eventually("told to end", () => aborted);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).to.equal(false);
    release();
    await stop;
    expect(seen).to.deep.equal(["a"]);
    expect(logger.lines).to.deep.equal([]);
    expect(clock.timers).to.deep.equal([]);
  });
});

describe("reconcile/controller: many reconciles at once", () => {
  it("cause no listener warning of Node on stderr", async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", note);
    const stopped: string[] = [];
    const reconcile: Reconcile = (key, _, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          stopped.push(key);
          resolve({});
        });
      });
    const controller = new Controller({
      name: "x",
      clock: new FakeClock(),
      logger: new FakeLogger(),
      workers: 32,
      reconcile,
    });
    controller.start();
    for (let i = 0; i < 32; i++) controller.queue.add(`shop/${i}`, PRIORITY.change);
    await eventually("all are under way", () => controller.queue.depth === 0);
    await controller.stop();
    process.off("warning", note);
    expect(stopped).to.have.length(32);
    expect(warnings).to.deep.equal([]);
  });
});
