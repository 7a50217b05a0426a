import { known } from "./context.js";
import type { Gate } from "./gate.js";

/** Holds a Change with deletions that require approval: above the budget, or of objects that cannot be re-created from Git. */
export const deletionsGate: Gate = {
  name: "deletions",
  waitReason: "Deletions",
  judge: ({ destination }) => {
    const { needingApproval } = known(destination.deletions, "which objects the plan deletes");
    return needingApproval === undefined ? { state: "Pass" } : { state: "Wait", message: needingApproval };
  },
};
