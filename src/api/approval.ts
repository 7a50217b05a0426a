import { z } from "zod";
import { DECISIONS } from "./approval-state.js";
import { atomicList, localRef, objectName, withRules } from "./fields.js";
import type { CustomResource } from "./meta.js";
import { conditions, observedGeneration } from "./status-fields.js";

/** Spec of an Approval. Immutable. */
export const ApprovalSpec = withRules(
  z
    .object({
      app: localRef("The OverseerApp of the Change. The permission to approve is checked for it."),
      change: z
        .object({
          name: objectName("Name of the Change."),
          uid: z.string().min(1).max(64).describe("metadata.uid of the Change."),
        })
        .describe("The Change, in the same namespace."),
      planHash: z
        .string()
        .min(1)
        .max(64)
        .describe(
          "status.planHash of the Change, or, if it has planIncomplete, the hash of the whole plan: the plan that you have seen. For another plan, the decision has no effect.",
        ),
      decision: z
        .enum(DECISIONS)
        .describe(
          "Approve permits the plan. Reject ends the Change; the same plan is not tried again until the decision is withdrawn. Withdraw revokes your earlier decisions on the Change. BreakGlass lets the plan through without the approvals, windows and dependencies that it waits for, in an emergency; requires the verb break-glass and a comment. Acknowledge confirms that you have seen the BreakGlass of another user.",
        ),
      comment: z.string().max(1024).optional().describe("Why. Shown in the Change."),
      approver: z
        .string()
        .min(1)
        .max(512)
        .describe("Your own user name, as in kubectl auth whoami. Verified by an admission policy."),
      groups: atomicList(
        z.string().min(1).max(512),
        100,
        "Groups of yours that grant the verb approve, if it is granted to groups. Verified by an admission policy.",
      ).optional(),
    })
    .describe("The decision of a user about the plan of a Change. Immutable."),
  [
    {
      rule: "self == oldSelf",
      message: "an Approval is immutable: create another one, for example with decision Withdraw",
    },
    {
      rule: "self.decision != 'BreakGlass' || (has(self.comment) && self.comment.size() >= 10)",
      message: "decision BreakGlass requires a comment of at least 10 characters that says why",
      fieldPath: ".comment",
    },
  ],
);
export type ApprovalSpec = z.infer<typeof ApprovalSpec>;

/** Status of an Approval. */
export const ApprovalStatus = z
  .object({
    observedGeneration,
    conditions: conditions(
      "Ready is True if the decision counts, with the reason Counted. Otherwise False with the reason Stale or NotEligible, and Stalled is True.",
    ),
  })
  .describe("Whether the decision counts. Written by the operator.");
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

/** The decision of a user about the plan of a Change. */
export type Approval = CustomResource<ApprovalSpec, ApprovalStatus>;
