import { known } from "./context.js";
import type { Gate } from "./gate.js";

/** Ends a Change that a user has rejected, or whose plan equals one that a user has rejected before. */
export const approvalsGate: Gate = {
  name: "approvals",
  waitReason: "Approvals",
  failReason: "RejectedByUser",
  judgesDeletions: true,
  judge: ({ started, approvals }) => {
    if (started) return { state: "Pass" };
    const { rejection, brokenBy } = known(approvals, "what users have decided");
    if (brokenBy !== undefined && rejection !== undefined)
      return { state: "Pass", message: `${rejection}; lifted by ${brokenBy} by break-glass` };
    return rejection === undefined ? { state: "Pass" } : { state: "Fail", message: rejection };
  },
};
