import { z } from "zod";
import { DURATION_PATTERN } from "../base/duration.js";
import { atomicList, mapList, withRules } from "./fields.js";
import { CheckRule, ReviewRule } from "./host-gates.js";

/** Causes of Changes for which an Environment may ask. */
export const ASKING_CAUSES = ["Revision", "Spec", "Promotion", "Values", "Renderer"] as const;
export type AskingCause = (typeof ASKING_CAUSES)[number];

const userName = z.string().min(1).max(512);

/** Who has to approve the Changes of an Environment. */
export const ApprovalRule = z
  .object({
    required: z
      .int()
      .min(1)
      .max(20)
      .default(1)
      .describe("Number of different users who have to approve the plan. Defaults to 1."),
    groups: atomicList(
      userName,
      10,
      "Groups of which a member each has to approve, each another user. Groups count as proven by the API server at the time of the approval, from spec.groups of the Approval.",
    ).optional(),
    expires: withRules(z.string().max(32).regex(new RegExp(DURATION_PATTERN)), [
      { rule: "duration(self) >= duration('1m')", message: "must not be shorter than 1m" },
      { rule: "duration(self) <= duration('8784h')", message: "must not be longer than 8784h" },
    ])
      .default("168h")
      .describe(
        "How long an approval counts after it was given. A duration such as 24h or 168h. Time during which the windows of the Environment permit no sync does not count. Defaults to 168h.",
      ),
    causes: atomicList(
      z.enum(ASKING_CAUSES),
      ASKING_CAUSES.length,
      "Causes of Changes that require an approval. Changes that a user requests by cause Sync always do. A Change of cause Values that only updates Secrets does not. Defaults to Revision, Spec, Promotion and Values.",
    ).default(["Revision", "Spec", "Promotion", "Values"]),
    onRollback: z
      .boolean()
      .default(false)
      .describe("Whether rollbacks to inputs that were applied before require an approval. Defaults to false."),
    onDeletion: z
      .boolean()
      .default(true)
      .describe(
        "Whether the deletion of an app requires an approval, unless it keeps its objects (deletionPolicy Orphan). Defaults to true.",
      ),
    forbidAuthor: z
      .boolean()
      .default(false)
      .describe(
        "Whether the approvals of those who have brought the commits in do not count: the author and the merger of a pull request, or who has signed the commit, and the requester of the Change. Who that is must be known from spec.identities; otherwise no approval counts. If the Change has causes without a known author, such as an edit of the app, one more user must approve. Defaults to false.",
      ),
    serviceAccounts: atomicList(
      z
        .string()
        .min(3)
        .max(317)
        .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
      20,
      "ServiceAccounts, as namespace/name, whose approvals count. They must be permitted by the chart as well (approvals.serviceAccounts). Defaults to none.",
    ).optional(),
    userPrefix: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe(
        "Prefix that user names must have for their approvals to count, for example oidc:. Prevents that one person counts twice by a client certificate. Does not apply to serviceAccounts.",
      ),
  })
  .describe("Who has to approve the plan of a Change.");
export type ApprovalRule = z.infer<typeof ApprovalRule>;

/** Gates that a Change must pass in an Environment. */
export const EnvironmentGates = z
  .object({
    approval: ApprovalRule.optional(),
    review: ReviewRule.optional(),
    checks: mapList(
      CheckRule,
      ["name", "app"],
      20,
      "Checks that must have succeeded for the commit of a Change.",
    ).optional(),
  })
  .describe("Gates that the Changes of all apps of the Environment must pass.");

/** A period without syncs. */
export const Freeze = z
  .object({
    reason: z.string().min(1).max(256).describe("Why. Shown in every Change that waits."),
    until: z.iso.datetime().optional().describe("End of the freeze. If unset, it lasts until it is removed."),
  })
  .describe("Permits no new revision. Drift is reverted, and rollbacks are possible.");

/** Limits on what happens in an Environment at a time. */
export const EnvironmentLimits = z
  .object({
    concurrent: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe(
        "Maximum number of apps of the Environment that apply a Change at a time, from its first write until its objects are healthy. Rollbacks and deletions do not count and do not wait. Defaults to no limit.",
      ),
  })
  .describe("Limits on what happens in the Environment at a time.");
