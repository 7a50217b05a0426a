import { expect } from "chai";
import { deletionsGate } from "../../../src/gates/deletions.js";
import { closedGates, type Gate, judgeGates } from "../../../src/gates/gate.js";

const wait: Gate = { name: "wait", judge: () => ({ state: "Wait", message: "x".repeat(3000) }) };
const fail: Gate = { name: "fail", judge: () => ({ state: "Fail", message: "no" }) };

describe("gates", () => {
  it("pass a Change without deletions that require approval", () => {
    expect(judgeGates([deletionsGate], { deletionsNeedingApproval: undefined, missing: [] })).to.deep.equal([
      { name: "deletions", state: "Pass", message: "passed" },
    ]);
  });

  it("hold a Change that requires approval, with the reason", () => {
    const [state] = judgeGates([deletionsGate], {
      missing: [],
      deletionsNeedingApproval: "would delete 9 of 10 objects",
    });
    expect(state).to.deep.equal({ name: "deletions", state: "Wait", message: "would delete 9 of 10 objects" });
  });

  it("are all evaluated, and their messages fit into the status", () => {
    const states = judgeGates([wait, fail, deletionsGate], { deletionsNeedingApproval: undefined, missing: [] });
    expect(states.map((state) => state.state)).to.deep.equal(["Wait", "Fail", "Pass"]);
    expect(states[0]?.message).to.have.length(1024);
    expect(closedGates(states).map((state) => state.name)).to.deep.equal(["wait", "fail"]);
  });
});
