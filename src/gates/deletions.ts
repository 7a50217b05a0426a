import type { Gate } from "./gate.js";

/** Deletions above the budget, and of objects that cannot be made again from Git, wait for a person; the whole Change with them. */
export const deletionsGate: Gate = {
  name: "deletions",
  judge: ({ deletionsNeedingApproval }) =>
    deletionsNeedingApproval === undefined ? { state: "Pass" } : { state: "Wait", message: deletionsNeedingApproval },
};
