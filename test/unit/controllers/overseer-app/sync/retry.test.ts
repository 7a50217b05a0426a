import { expect } from "chai";
import type { Rendered } from "../../../../../src/controllers/overseer-app/rendered.js";
import { backOffAfterFailure, backoffOf } from "../../../../../src/controllers/overseer-app/sync/retry.js";
import { app, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const rendered = (key: string): Rendered => ({
  inputs: inputs(key),
  documents: [],
  kinds: [],
  notes: [],
  notesOmitted: 0,
});
const NEW = rendered("new");

/** Returns the backoff after each of several consecutive failures. */
function rests(count: number, spec: Record<string, unknown> = {}, retryAfterMs?: number): number[] {
  const { run, clock } = testRun(app("shop/web", { spec }));
  return Array.from({ length: count }, () => {
    backOffAfterFailure(run, NEW, "ApplyFailed", "x", retryAfterMs);
    const rest = (run.memory.retry?.nextAt ?? 0) - clock.now();
    clock.advance(rest);
    return rest;
  });
}

describe("backOffAfterFailure", () => {
  it("backs off 5 s, doubled each time, up to 5 minutes", () => {
    expect(rests(9)).to.deep.equal([5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1_000));
  });

  it("uses sync.retry of the app", () => {
    expect(rests(4, { sync: { retry: { base: "100ms", max: "1s" } } })).to.deep.equal([100, 200, 400, 800]);
    expect(rests(5, { sync: { retry: { base: "100ms", max: "1s" } } }).at(-1)).to.equal(1_000);
  });

  it("waits at least as long as the destination requests, even beyond the maximum", () => {
    expect(rests(2, {}, 7_000)).to.deep.equal([7_000, 10_000]);
    expect(rests(1, { sync: { retry: { base: "1s", max: "2s" } } }, 60_000)).to.deep.equal([60_000]);
  });

  it("reports the failure and the time of the retry, and requeues for it", () => {
    const { run, clock, told } = testRun();
    const { problem, progress } = backOffAfterFailure(run, NEW, "ApplyFailed", "no quota");
    expect(problem).to.deep.equal({
      stage: "Plan",
      reason: "ApplyFailed",
      message: "no quota",
      terminal: false,
      retryAt: clock.now() + 5_000,
    });
    expect(progress).to.deep.equal({ state: "failed" });
    expect(run.requeueAfterMs).to.equal(5_000);
    expect(told).to.deep.equal(["Warning ApplyFailed: no quota"]);
  });

  it("emits the same failure once, and a different one again", () => {
    const { run, told } = testRun();
    for (const message of ["a", "a", "b", "b"]) backOffAfterFailure(run, NEW, "ApplyFailed", message);
    expect(told).to.deep.equal(["Warning ApplyFailed: a", "Warning ApplyFailed: b"]);
  });

  it("starts again for other inputs", () => {
    const { run } = testRun();
    for (const key of ["a", "a", "b"]) backOffAfterFailure(run, rendered(key), "ApplyFailed", "x");
    expect(run.memory.retry).to.include({ inputsKey: "b", failures: 1 });
  });

  it("does not count attempts brought forward by events, and keeps the next time", () => {
    const { run, clock } = testRun();
    for (let failure = 0; failure < 2; failure++) {
      backOffAfterFailure(run, NEW, "ApplyFailed", "no quota");
      clock.advance(failure === 0 ? 5_000 : 1_000);
    }
    for (let event = 0; event < 6; event++) {
      run.memory.retryNow();
      expect(backoffOf(run, NEW), "tried at once").to.equal(undefined);
      backOffAfterFailure(run, NEW, "ApplyFailed", "no quota");
      expect(run.memory.retry).to.include({ failures: 2 });
      expect(backoffOf(run, NEW), "rests again").not.to.equal(undefined);
      expect(run.requeueAfterMs).to.be.at.most(10_000 - 1_000);
      clock.advance(1_000);
    }
    expect(run.memory.retry?.dueAt).to.equal(clock.monotonic() + 3_000);
  });

  it("schedules a retry again when an edited app fails for a reason other than its documents", () => {
    const { run, clock } = testRun();
    backOffAfterFailure(run, NEW, "ApplyRefused", "unknown field", 0, { terminal: true });
    expect(run.requeueAfterMs).to.equal(undefined);
    clock.advance(60_000);
    const { problem } = backOffAfterFailure(run, NEW, "ApplyRefused", "no access");
    expect(run.memory.retry).to.include({ failures: 2, terminal: false, dueAt: clock.monotonic() + 10_000 });
    expect(problem?.retryAt).to.equal(clock.now() + 10_000);
    expect(run.requeueAfterMs).to.equal(10_000);
  });

  it("treats a restart as an event, based on the status", () => {
    const nextRetryTime = (clock: { now(): number }): string => new Date(clock.now() + 60_000).toISOString();
    const { run, clock } = testRun(app("shop/web", { status: { attempted: inputs("new"), failures: 4 } }));
    run.status = { ...run.status, nextRetryTime: nextRetryTime(clock) };
    backOffAfterFailure(run, NEW, "ApplyFailed", "x");
    expect(run.memory.retry?.failures).to.equal(4);
    expect(run.requeueAfterMs).to.be.within(30_000, 40_000);
  });

  it("continues counting after a restart, based on the status", () => {
    const statuses = [
      [{ attempted: inputs("new"), failures: 3 }, 4],
      [{ applied: inputs("new"), failures: 3 }, 4],
      [{ applied: inputs("new"), attempted: inputs("other"), failures: 3 }, 1],
      [{ attempted: inputs("other"), failures: 3 }, 1],
      [{ attempted: inputs("new") }, 1],
      [{}, 1],
    ] as const;
    for (const [status, failures] of statuses) {
      const { run } = testRun(app("shop/web", { status }));
      backOffAfterFailure(run, NEW, "ApplyFailed", "x");
      expect(run.memory.retry?.failures, JSON.stringify(status)).to.equal(failures);
    }
  });
});

describe("backoffOf", () => {
  /** Returns a run right after a failure of `NEW`. */
  function afterFailure() {
    const made = testRun();
    backOffAfterFailure(made.run, NEW, "ApplyFailed", "no quota");
    made.run.requeueAfterMs = undefined;
    return made;
  }

  it("is undefined without a failure", () => {
    const { run } = testRun();
    expect(backoffOf(run, NEW)).to.equal(undefined);
    expect(run.requeueAfterMs).to.equal(undefined);
  });

  it("reports the failure until the retry is due", () => {
    const { run, clock, told } = afterFailure();
    clock.advance(4_000);
    const result = backoffOf(run, NEW);
    expect(result?.problem).to.include({ reason: "ApplyFailed", message: "no quota", retryAt: clock.now() + 1_000 });
    expect(result?.progress).to.deep.equal({ state: "failed" });
    expect(run.requeueAfterMs).to.equal(1_000);
    expect(told).to.have.length(1);
    clock.advance(1_000);
    expect(backoffOf(run, NEW)).to.equal(undefined);
  });

  it("uses elapsed time, whatever the clock is set to, and publishes the new time", () => {
    for (const jump of [-86_400_000, 86_400_000]) {
      const { run, clock } = afterFailure();
      clock.set(jump);
      clock.advance(4_000);
      const shown = backoffOf(run, NEW)?.problem?.retryAt;
      expect(run.requeueAfterMs).to.equal(1_000);
      expect(shown, "for people").to.equal(clock.now() + 1_000);
      clock.set(1_500);
      expect(backoffOf(run, NEW)?.problem?.retryAt, "no status for a small step").to.equal(shown);
      clock.advance(1_000);
      expect(backoffOf(run, NEW)).to.equal(undefined);
    }
  });

  it("does not delay other inputs", () => {
    expect(backoffOf(afterFailure().run, rendered("newer"))).to.equal(undefined);
  });

  it("lasts after a terminal failure until a user requests a reconcile", () => {
    const { run, clock } = testRun();
    backOffAfterFailure(run, NEW, "ApplyRefused", "unknown field", 0, { terminal: true });
    clock.advance(86_400_000);
    run.memory.retryNow();
    expect(backoffOf(run, NEW), "an event").not.to.equal(undefined);
    expect(run.requeueAfterMs).to.equal(undefined);
    run.memory.retryOnRequest();
    expect(backoffOf(run, NEW), "a request").to.equal(undefined);
  });

  it("ends when the app is edited", () => {
    const { run } = afterFailure();
    if (run.memory.retry) run.memory.retry = { ...run.memory.retry, generation: 0 };
    expect(backoffOf(run, NEW)).to.equal(undefined);
  });
});
