import { expect } from "chai";
import type { LiveApproval, LiveChange } from "../../../src/cli/connection/live.js";
import { type Decided, judged } from "../../../src/cli/verbs/review/decide-commit.js";

describe("decisions about a commit", () => {
  it("are awaited at the same time, and a wait that fails hides none of the others", async () => {
    const one = (name: string): Decided => ({
      change: { metadata: { name } } as LiveChange,
      approval: { metadata: { name: `approval-${name}` } } as LiveApproval,
    });
    const refused: Decided = { change: { metadata: { name: "d" } } as LiveChange, problem: "forbidden" };
    let waiting = 0;
    let resume = (): void => {};
    const all = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const results = await judged([one("a"), one("b"), one("c"), refused], async (approval) => {
      if (++waiting === 3) resume();
      await all;
      if (approval.metadata.name === "approval-b") throw new Error("connection reset");
      return { ...approval, status: {} };
    });
    expect(results.map(({ approval }) => approval?.metadata.name)).to.deep.equal([
      ...["approval-a", "approval-b", "approval-c", undefined],
    ]);
    expect(results.map(({ problem }) => problem)).to.deep.equal([
      undefined,
      'Approval approval-b was created, and it is not known whether it counts: connection reset; see "overseer describe approval approval-b"',
      undefined,
      "forbidden",
    ]);
  });
});
