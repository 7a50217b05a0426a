/** Decisions of a user about a Change. */
export const DECISIONS = ["Approve", "Reject", "Withdraw", "BreakGlass", "Acknowledge"] as const;
export type Decision = (typeof DECISIONS)[number];

/** Whether an Approval has an effect. */
export const APPROVAL_STATES = ["Counted", "Stale", "NotEligible"] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];
