import { expect } from "chai";
import {
  ABNORMAL_TRUE,
  CONDITION_TYPES,
  Condition,
  type ConditionDraft,
  cutMessage,
  findCondition,
  MAX_MESSAGE,
  mergeConditions,
} from "../../../src/api/conditions.js";

const EARLIER = "2026-01-01T00:00:00Z";
const NOW = "2026-01-02T00:00:00Z";
const ready: ConditionDraft = { type: "Ready", status: "True", reason: "Synced", message: "all is well" };

describe("mergeConditions", () => {
  const before = mergeConditions([], [ready], 1, EARLIER);

  it("writes what a condition of Kubernetes needs", () => {
    expect(before).to.deep.equal([{ ...ready, observedGeneration: 1, lastTransitionTime: EARLIER }]);
    expect(Condition.safeParse(before[0]).success).to.equal(true);
  });

  it("keeps the time of transition while the status stays, also when reason and message change", () => {
    const [after] = mergeConditions(before, [{ ...ready, reason: "Applied", message: "put back" }], 2, NOW);
    expect(after).to.include({ lastTransitionTime: EARLIER, observedGeneration: 2, reason: "Applied" });
  });

  it("moves the time of transition with the status", () => {
    const [after] = mergeConditions(before, [{ ...ready, status: "False" }], 1, NOW);
    expect(after).to.include({ status: "False", lastTransitionTime: NOW });
  });

  it("drops what is not said any more", () => {
    const both = mergeConditions([], [ready, { ...ready, type: "Stalled" }], 1, EARLIER);
    expect(mergeConditions(both, [ready], 1, NOW).map(({ type }) => type)).to.deep.equal(["Ready"]);
  });

  it("replaces a time far in the future, and tolerates small clock differences", () => {
    const at = (ahead: number): string => new Date(Date.parse(NOW) + ahead).toISOString();
    const timeAfter = (ahead: number): string | undefined =>
      mergeConditions(mergeConditions([], [ready], 1, at(ahead)), [ready], 1, NOW)[0]?.lastTransitionTime;
    expect(timeAfter(86_400_000)).to.equal(NOW);
    expect(timeAfter(30_000)).to.equal(at(30_000));
  });

  it("gives the same list for the same state, so that nothing is written", () => {
    expect(mergeConditions(before, [ready], 1, NOW)).to.deep.equal(before);
  });
});

describe("cutMessage", () => {
  it("gives revisions with twelve digits", () => {
    expect(cutMessage(`main@sha1:${"a".repeat(40)} is applied`)).to.equal(`main@sha1:${"a".repeat(12)} is applied`);
  });

  it("leaves short messages alone and ends long ones with an ellipsis", () => {
    expect(cutMessage("a".repeat(MAX_MESSAGE))).to.have.length(MAX_MESSAGE);
    expect(cutMessage("a".repeat(MAX_MESSAGE + 1))).to.equal(`${"a".repeat(MAX_MESSAGE - 1)}…`);
  });

  it("cuts no character in two: the API server would store another one", () => {
    const cut = cutMessage(`${"a".repeat(MAX_MESSAGE - 2)}😀😀`);
    expect(cut).to.equal(`${"a".repeat(MAX_MESSAGE - 2)}…`);
    expect(Buffer.from(cut).toString()).to.equal(cut);
  });
});

describe("condition types", () => {
  it("finds a condition by its type", () => {
    const conditions = mergeConditions([], [ready], 1, NOW);
    expect(findCondition(conditions, "Ready")?.reason).to.equal("Synced");
    expect(findCondition(conditions, "Stalled")).to.equal(undefined);
    expect(findCondition(undefined, "Ready")).to.equal(undefined);
  });

  it("knows Ready and its kin as normal, and what kstatus asks for as abnormal", () => {
    expect(CONDITION_TYPES.filter((type) => !ABNORMAL_TRUE.has(type))).to.have.members([
      "Ready",
      "Fetched",
      "Verified",
      "StatusesReported",
      "PoliciesInForce",
      "Synced",
      "Healthy",
    ]);
    expect([...ABNORMAL_TRUE]).to.include.members(["Reconciling", "Stalled"]);
  });
});
