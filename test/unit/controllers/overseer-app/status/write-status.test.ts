import { expect } from "chai";
import type { Condition } from "../../../../../src/api/conditions.js";
import { suspendedOutcome } from "../../../../../src/controllers/overseer-app/status/suspend.js";
import { fieldsOf, statusAfter, writeStatus } from "../../../../../src/controllers/overseer-app/status/write-status.js";
import { app, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const EARLIER = "2026-11-29T10:00:00Z";
const NOW = "2026-11-30T10:00:00Z";

function condition(type: string, status: Condition["status"] = "True"): Condition {
  return { type, status, reason: "Before", message: "before", observedGeneration: 1, lastTransitionTime: EARLIER };
}

const PREVIOUS = {
  applied: inputs("old"),
  conditions: [condition("Ready"), condition("Synced"), condition("Healthy"), condition("Waiting")],
};
const READY = { type: "Ready", status: "False", reason: "Deleting", message: "waits" } as const;

describe("the status of an app", () => {
  it("has the conditions of the outcome, those that it keeps, and no others", () => {
    const outcome = { fields: {}, conditions: [READY], keep: ["Synced", "Terminating"] as const };
    const { conditions = [] } = statusAfter(PREVIOUS, outcome, 2, NOW);
    expect(
      conditions.map(({ type, reason, observedGeneration }) => `${type} ${reason} ${observedGeneration}`),
    ).to.deep.equal(["Ready Deleting 2", "Synced Before 2"]);
    expect(conditions.map(({ lastTransitionTime }) => lastTransitionTime)).to.deep.equal([NOW, EARLIER]);
  });

  it("prefers a condition of the outcome to the one that is kept", () => {
    const { conditions = [] } = statusAfter(PREVIOUS, { fields: {}, conditions: [READY], keep: ["Ready"] }, 2, NOW);
    expect(conditions.map(({ reason }) => reason)).to.deep.equal(["Deleting"]);
  });

  it("has the fields of the outcome only, and derives the column message and the generation", () => {
    const message = "main@sha1:abcdef1 is applied and healthy";
    const fields = { applied: inputs("abcdef1") };
    const outcome = { fields, conditions: [{ type: "Ready", status: "True", reason: "Synced", message }] as const };
    const status = statusAfter({ ...PREVIOUS, failures: 3 }, outcome, 2, NOW);
    expect(fieldsOf(status)).to.deep.equal(fields);
    expect(status).to.include({ observedGeneration: 2, message: "applied and healthy" });
  });

  it("is written and counted once, on top of the newest known status", async () => {
    const written: unknown[] = [];
    const writer = {
      write: async (_: unknown, object: unknown, status: unknown) => void written.push([object, status]),
    };
    const web = app("shop/web", { status: PREVIOUS });
    const { run } = testRun(web, { status: writer as never });
    const status = await writeStatus(run, suspendedOutcome(run));
    expect(written).to.deep.equal([[web, status]]);
    expect(status.conditions?.map(({ type, reason }) => `${type} ${reason}`)).to.deep.equal([
      "Ready Suspended",
      "Synced Before",
      "Healthy Before",
    ]);
    expect(status.applied).to.deep.equal(inputs("old"));
  });
});
