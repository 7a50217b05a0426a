import { expect } from "chai";
import type { PlannedAction } from "../../../../../src/api/change.js";
import { Results } from "../../../../../src/controllers/overseer-app/sync/results.js";
import { idOf } from "../../../plan/support/objects.js";
import { testRun } from "../../support/run.js";

const failed = (message: string, retryAfterMs?: number) =>
  ({ ok: false, message, retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }) as const;
const done = (...notes: readonly string[]) => ({ ok: true, wrote: true, notes }) as const;
const planned = (verb: PlannedAction["verb"], object: string): PlannedAction => ({ verb, object, apiVersion: "v1" });

describe("Results", () => {
  it("have not failed at first", () => {
    const results = new Results(testRun().run);
    expect(results).to.include({ failed: false });
    results.note(idOf("v1 ConfigMap a/b"), done());
    expect(results.failed).to.equal(false);
    expect(results.summary()).to.equal("");
    expect(results.retryAfterMs()).to.equal(0);
  });

  it("summarize three failures, and count the others", () => {
    const results = new Results(testRun().run);
    for (const name of ["a", "b", "c"]) results.note(idOf(`v1 Pod ${name}`), failed(`no ${name}`));
    expect(results.failed).to.equal(true);
    expect(results.summary()).to.equal("Pod a: no a; Pod b: no b; Pod c: no c");
    for (const name of ["d", "e"]) results.note(idOf(`v1 Pod ${name}`), failed("x"));
    expect(results.summary()).to.equal("Pod a: no a; Pod b: no b; Pod c: no c; and 2 more");
  });

  it("return the longest requested retry delay", () => {
    const results = new Results(testRun().run);
    results.note(idOf("v1 Pod a"), failed("x", 3_000));
    results.note(idOf("v1 Pod b"), failed("x", 9_000));
    results.note(idOf("v1 Pod c"), failed("x"));
    expect(results.retryAfterMs()).to.equal(9_000);
  });

  it("emit each note of the destination once", () => {
    const { run, told } = testRun();
    const results = new Results(run);
    results.note(idOf("v1 Pod a"), done("deprecated"));
    results.note(idOf("v1 Pod a"), done("deprecated", "labels removed"));
    expect(told).to.deep.equal(["Warning ApplyWarning: deprecated", "Warning ApplyWarning: labels removed"]);
  });

  it("mark failed actions, and all others as done when the plan is complete", () => {
    const plan = [planned("Delete", "Pod a"), planned("Keep", "Pod b"), planned("Update", "Pod c")];
    const results = new Results(testRun().run);
    expect(results.mark(plan, true)?.map(({ result }) => result)).to.deep.equal(["Done", undefined, "Done"]);
    results.note(idOf("v1 Pod c"), failed("refused"));
    expect(results.mark(plan, false)).to.deep.equal([
      plan[0],
      plan[1],
      { ...plan[2], result: "Failed", error: "refused" },
    ]);
    expect(results.mark(undefined, true)).to.equal(undefined);
  });

  it("name the file and line of a document that failed", () => {
    const results = new Results(testRun().run);
    results.note(idOf("v1 Pod a"), failed("refused"), { file: "app/a.yaml", line: 3 });
    expect(results.summary()).to.equal("app/a.yaml:3: Pod a: refused");
  });

  it("replace earlier results, and cut messages of the destination", () => {
    const plan = [
      { ...planned("Update", "Pod a"), result: "Failed", error: "old" } as const,
      planned("Update", "Pod b"),
    ];
    const results = new Results(testRun().run);
    results.note(idOf("v1 Pod b"), failed("x".repeat(2_000)));
    const [first, second] = results.mark(plan, false) ?? [];
    expect(first).to.deep.equal(planned("Update", "Pod a"));
    expect(second?.error).to.have.length(1_024);
  });
});
