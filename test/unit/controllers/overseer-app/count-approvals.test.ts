import { expect } from "chai";
import type { CountedApproval } from "../../../../src/api/change.js";
import { shownDecisions } from "../../../../src/controllers/overseer-app/gates/count-approvals.js";

const decision = (number: number, state: CountedApproval["state"]): CountedApproval => ({
  name: `d${number}`,
  approver: "ann",
  decision: "Approve",
  state,
  message: "",
  time: new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString(),
});

describe("the decisions in the status of a Change", () => {
  it("are at most 200: those that count, and the newest of the others, in their order", () => {
    const all = Array.from({ length: 300 }, (_, number) => decision(number, number < 20 ? "Counted" : "Stale"));
    const names = shownDecisions(all).map(({ name }) => name);
    const expected = [...all.slice(0, 20), ...all.slice(120)].map(({ name }) => name);
    expect(names).to.deep.equal(expected);
    const rejected = { ...decision(0, "Counted"), decision: "Reject" } as const;
    const many = Array.from({ length: 250 }, (_, number) => decision(number + 1, "Counted"));
    expect(shownDecisions([rejected, ...many]), "no number of approvals displaces a rejection").to.include(rejected);
    expect(shownDecisions(all.slice(0, 200))).to.deep.equal(all.slice(0, 200));
  });
});
