import { expect } from "chai";
import {
  type CommitReport,
  commitReport,
  nextReports,
  type ReportFacts,
} from "../../../../src/controllers/commit-status/commit-report.js";

const DONE: ReportFacts = {
  ...{ commit: "c1", key: "k1", appliedKey: "k1", problem: undefined, progress: { state: "done" }, timedOut: false },
  health: { status: "Healthy", objects: 2, message: "" },
};
const progressing: NonNullable<ReportFacts["health"]> = {
  status: "Progressing",
  objects: 2,
  message: "Deployment shop/web: 0 of 1",
};

describe("commitReport", () => {
  const cases: readonly [title: string, facts: Partial<ReportFacts>, expected: string][] = [
    ["is success when the commit is applied and healthy", {}, "Success Synced: applied, all 2 objects are healthy"],
    [
      "counts one object",
      { health: { status: "Healthy", objects: 1, message: "" } },
      "Success Synced: applied, 1 object is healthy",
    ],
    [
      "is pending while a gate waits",
      { progress: { state: "waiting", reason: "SyncWindow", message: "until 10:00" } },
      "Pending SyncWindow: until 10:00",
    ],
    [
      "is pending while objects are written",
      { progress: { state: "pending", message: "2 of 3" } },
      "Pending Progressing: 2 of 3",
    ],
    [
      "is pending until the inputs are the applied ones",
      { appliedKey: "k0" },
      "Pending Progressing: waiting to be applied",
    ],
    [
      "is pending while objects become healthy",
      { health: progressing },
      "Pending Progressing: applied, waiting for healthy objects: Deployment shop/web: 0 of 1",
    ],
    [
      "is failure after the health timeout",
      { health: progressing, timedOut: true },
      "Failure HealthTimeout: Deployment shop/web: 0 of 1",
    ],
    [
      "is failure when an object is degraded",
      { health: { ...progressing, status: "Degraded" } },
      "Failure Degraded: Deployment shop/web: 0 of 1",
    ],
    [
      "is failure with the reason of a problem",
      { problem: { stage: "Render", reason: "InvalidManifest", message: "a.yaml:3" } },
      "Failure InvalidManifest: a.yaml:3",
    ],
    [
      "does not blame the commit for a destination that is away",
      { problem: { stage: "Destination", reason: "ApiServerUnreachable", message: "x" } },
      "Pending ApiServerUnreachable: x",
    ],
    [
      "is failure when nothing else is known",
      { progress: { state: "failed" } },
      "Failure Failed: the commit could not be applied",
    ],
  ];
  for (const [title, facts, expected] of cases) {
    it(title, () => {
      const { state, reason, message } = commitReport({ ...DONE, ...facts }) ?? {};
      expect(`${state} ${reason}: ${message}`).to.equal(expected);
    });
  }

  it("is nothing without a commit", () => {
    expect(commitReport({ ...DONE, commit: undefined })).to.equal(undefined);
    expect(commitReport({ ...DONE, key: undefined })).to.equal(undefined);
  });
});

describe("nextReports", () => {
  const report = (text: string): CommitReport => {
    const [commit = "", key = "", state, reason = "R"] = text.split(" ");
    return { commit, key, state: state as CommitReport["state"], reason, message: "m" };
  };
  const after = (last: string | undefined, next: string): string[] =>
    nextReports(last === undefined ? undefined : report(last), report(next)).map(
      ({ commit, state, reason }) => `${commit} ${state} ${reason}`,
    );
  const cases: readonly [title: string, last: string | undefined, next: string, expected: string[]][] = [
    ["sends the first report", undefined, "c1 k1 Pending", ["c1 Pending R"]],
    ["sends nothing that is known", "c1 k1 Pending", "c1 k1 Pending", []],
    ["sends another reason of a wait", "c1 k1 Pending A", "c1 k1 Pending B", ["c1 Pending B"]],
    ["sends the end", "c1 k1 Pending", "c1 k1 Success", ["c1 Success R"]],
    ["keeps a success, whatever happens to the objects later", "c1 k1 Success", "c1 k1 Failure", []],
    ["sends a recovery", "c1 k1 Failure", "c1 k1 Success", ["c1 Success R"]],
    ["keeps a failure while the app retries", "c1 k1 Failure", "c1 k1 Pending Progressing", []],
    ["sends a gate that waits after a failure", "c1 k1 Failure", "c1 k1 Pending SyncWindow", ["c1 Pending SyncWindow"]],
    ["sends nothing for a commit that does not change the app", "c1 k1 Success", "c2 k1 Success", []],
    [
      "ends the commit that is pending, not one that changes nothing",
      "c1 k1 Pending",
      "c2 k1 Success",
      ["c1 Success R"],
    ],
    [
      "cancels a pending commit that a newer one replaces",
      "c1 k1 Pending",
      "c2 k2 Pending",
      ["c1 Canceled Superseded", "c2 Pending R"],
    ],
    ["leaves a failed commit as it is", "c1 k1 Failure", "c2 k2 Success", ["c2 Success R"]],
    ["reports the same commit with another spec", "c1 k1 Pending", "c1 k2 Pending", ["c1 Pending R"]],
    ["reports a commit that reverts to earlier inputs", "c2 k2 Success", "c3 k1 Success", ["c3 Success R"]],
  ];
  for (const [title, last, next, expected] of cases) {
    it(title, () => expect(after(last, next)).to.deep.equal(expected));
  }
});
