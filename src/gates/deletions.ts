import type { Gate } from "./gate.js";

/** Holds a Change with deletions that require approval: above the budget, or of objects that cannot be re-created from Git. */
export const deletionsGate: Gate = {
  name: "deletions",
  judge: ({ deletionsNeedingApproval }) =>
    deletionsNeedingApproval === undefined ? { state: "Pass" } : { state: "Wait", message: deletionsNeedingApproval },
};
