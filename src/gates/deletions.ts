import { known } from "./context.js";
import type { Gate } from "./gate.js";

/**
 * Holds a Change with deletions that require approval: above the budget, or of objects that cannot be re-created from Git, or that are
 * annotated to ask. A user who approves the plan permits them.
 */
export const deletionsGate: Gate = {
  name: "deletions",
  waitReason: "Deletions",
  judge: ({ app, destination, approvals }) => {
    const { needingApproval } = known(destination.deletions, "which objects the plan deletes");
    if (needingApproval === undefined) return { state: "Pass" };
    const { approvedBy, uncounted } = known(approvals, "what users have decided");
    if (approvedBy !== undefined) return { state: "Pass" };
    const remark = uncounted === undefined ? "" : `; ${uncounted}`;
    const remedy = `or a user with the verb approve for OverseerApp ${app.metadata.name} approves the plan`;
    return {
      state: "Wait",
      message: `${needingApproval}; ${remedy}${remark}`,
      opens: `users with the verb approve for OverseerApp ${app.metadata.name}, by an Approval`,
    };
  },
};
