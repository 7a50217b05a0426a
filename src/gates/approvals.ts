import { known } from "./context.js";
import type { Gate } from "./gate.js";

/** Ends a Change that a user has rejected, or whose plan equals one that a user has rejected before. */
export const approvalsGate: Gate = {
  name: "approvals",
  waitReason: "Approvals",
  failReason: "RejectedByUser",
  judge: ({ started, approvals }) => {
    if (started) return { state: "Pass" };
    const { rejection } = known(approvals, "what users have decided");
    return rejection === undefined ? { state: "Pass" } : { state: "Fail", message: rejection };
  },
};
