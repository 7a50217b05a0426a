import { expect } from "chai";
import type { Condition } from "../../../../../src/api/conditions.js";
import type { AppRun } from "../../../../../src/controllers/overseer-app/run.js";
import { logOutOfDate } from "../../../../../src/controllers/overseer-app/status/out-of-date.js";
import { suspendedOutcome } from "../../../../../src/controllers/overseer-app/status/suspend.js";
import { FakeLogger } from "../../../support/fake-logger.js";
import { app } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const synced = (status: "True" | "False"): Condition[] => [
  { type: "Synced", status, reason: "Applying", message: "1 deletion waits", lastTransitionTime: "" } as Condition,
];

describe("logOutOfDate", () => {
  it("logs once after a minute what an app waits for, and when it is up to date again", () => {
    const { run, clock } = testRun();
    const logger = new FakeLogger();
    const logged = { ...run, key: run.key, memory: run.memory, services: run.services, logger } as unknown as AppRun;
    let back: number | undefined;
    (logged as { requeueAfter: (ms: number) => void }).requeueAfter = (ms) => {
      back = ms;
    };
    logOutOfDate(logged, synced("False"));
    expect(back).to.equal(60_000);
    expect(logger.lines).to.deep.equal([]);
    clock.advance(60_000);
    for (let again = 0; again < 3; again++) logOutOfDate(logged, synced("False"));
    expect(logger.lines.map(({ message }) => message)).to.deep.equal(["app is out of date"]);
    expect(logger.lines[0]?.fields).to.include({ seconds: 60, waitsFor: "1 deletion waits" });
    logOutOfDate(logged, synced("True"));
    logOutOfDate(logged, synced("True"));
    expect(logger.lines.map(({ message }) => message)).to.deep.equal(["app is out of date", "app is up to date again"]);
  });

  it("does not count suspended time", () => {
    const { run, clock, logger } = testRun(app("shop/web"));
    logOutOfDate(run, synced("False"));
    clock.advance(50_000);
    suspendedOutcome(run);
    clock.advance(3_600_000);
    logOutOfDate(run, synced("False"));
    expect(logger.lines).to.deep.equal([]);
    clock.advance(60_000);
    logOutOfDate(run, synced("False"));
    expect(logger.lines[0]?.fields).to.include({ seconds: 60 });
  });
});
