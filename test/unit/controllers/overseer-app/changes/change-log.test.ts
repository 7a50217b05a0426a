import { expect } from "chai";
import type { ChangeStatus } from "../../../../../src/api/change.js";
import {
  logChange,
  logDeletionWaits,
  logProblem,
} from "../../../../../src/controllers/overseer-app/changes/change-log.js";
import type { Problem } from "../../../../../src/controllers/overseer-app/outcome.js";
import { app, cacheOf, change, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const ONE = change("shop/web-1", "web");
const BROKEN: Problem = { stage: "Render", reason: "RenderFailed", message: "a.yaml:3: no kind", terminal: true };

/** Log lines at info and above, as `level message`. */
function lines({ logger }: ReturnType<typeof testRun>): string[] {
  return logger.lines.filter(({ level }) => level !== "debug").map(({ level, message }) => `${level} ${message}`);
}

/** Moves a Change through these phases, logging each. */
function pass(test: ReturnType<typeof testRun>, ...phases: NonNullable<ChangeStatus["phase"]>[]): void {
  let before: ChangeStatus = {};
  for (const phase of phases) {
    const now: ChangeStatus = { ...before, phase, summary: "+2 ~1 -3", attempts: 1 };
    logChange(test.run, ONE, before, now);
    before = now;
  }
}

describe("The log of Changes", () => {
  it("has one line for a successful Change, with its counts", () => {
    const test = testRun();
    pass(test, "Planning", "Applying", "Applying", "Verifying", "Succeeded", "Succeeded");
    expect(lines(test)).to.deep.equal(["info change succeeded"]);
    expect(test.logger.lines.at(-1)?.fields).to.include({
      app: "shop/web",
      change: "web-1",
      revision: "main@sha1:k",
      cause: "Revision",
      result: "Succeeded",
      created: 2,
      updated: 1,
      deleted: 3,
      attempts: 1,
      seconds: 0,
    });
    expect(test.counted).to.deep.equal(["ended Succeeded"]);
  });

  it("has one line when a Change starts to wait, and one for its end", () => {
    const test = testRun();
    pass(test, "Planning", "Waiting", "Waiting", "Waiting", "Superseded");
    expect(lines(test)).to.deep.equal(["info change is waiting", "info change was superseded"]);
    expect(test.counted).to.deep.equal(["ended Superseded"]);
  });

  it("warns about a failed Change, with the reason", () => {
    const test = testRun();
    logChange(test.run, ONE, { phase: "Verifying" }, { phase: "Failed", message: "not healthy after 5m" });
    expect(lines(test)).to.deep.equal(["warn change failed"]);
    expect(test.logger.lines[0]?.fields).to.include({ result: "Failed", reason: "not healthy after 5m" });
  });

  it("takes the duration from the status if this process did not see the start", () => {
    const test = testRun();
    const now: ChangeStatus = {
      phase: "Superseded",
      startTime: "2026-01-01T00:00:00Z",
      completionTime: "2026-01-01T00:01:30Z",
    };
    logChange(test.run, ONE, { phase: "Waiting" }, now);
    expect(test.logger.lines[0]?.fields.seconds).to.equal(90);
  });
});

describe("The log of failures", () => {
  it("has one line per distinct failure, ignoring numbers in its text", () => {
    const test = testRun();
    const refused = (message: string): Problem => ({ stage: "Plan", reason: "ApplyRefused", message, terminal: false });
    for (const count of [1, 2, 30]) logProblem(test.run, refused(`quota exceeded: used ${count}`));
    logProblem(test.run, refused("forbidden"));
    logProblem(test.run, refused("quota exceeded: used 4"));
    expect(lines(test)).to.deep.equal(["warn sync failed", "warn sync failed"]);
    expect(test.logger.lines[0]?.fields).to.include({
      app: "shop/web",
      stage: "Plan",
      reason: "ApplyRefused",
      error: "quota exceeded: used 1",
      retries: true,
    });
    expect(test.counted).to.deep.equal(["failed ApplyRefused", "failed ApplyRefused"]);
  });

  it("logs the same failure again after a recovery", () => {
    const test = testRun();
    logProblem(test.run, BROKEN);
    logProblem(test.run, undefined);
    logProblem(test.run, undefined);
    logProblem(test.run, BROKEN);
    expect(lines(test)).to.deep.equal(["warn sync failed", "info app recovered", "warn sync failed"]);
  });

  it("logs no recovery while a Change is open", () => {
    const open = change("shop/web-1", "web", { phase: "Verifying" });
    const test = testRun(app("shop/web", { status: { applied: inputs("k") } }), { changes: cacheOf([open]) as never });
    logProblem(test.run, BROKEN);
    logProblem(test.run, undefined);
    logChange(test.run, open, { phase: "Verifying" }, { phase: "Succeeded" });
    logProblem(test.run, undefined);
    expect(lines(test)).to.deep.equal(["warn sync failed", "info change succeeded"]);
  });

  it("logs once what blocks a deletion", () => {
    const test = testRun();
    for (const what of ["a is there", "a is there", "b is there"]) logDeletionWaits(test.run, what);
    expect(lines(test)).to.deep.equal(Array(2).fill("info app deletion is waiting"));
  });
});
