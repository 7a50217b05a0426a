import { z } from "zod";
import { DECISIONS } from "../approval-state.js";
import { DecisionBody } from "./changes.js";
import { NameParam, NamespaceParam } from "./fields.js";

/** A request to sync an app. */
export const SyncBody = z
  .strictObject({
    dryRun: z.boolean().optional().describe("Only show the plan: nothing is written. Defaults to false."),
  })
  .optional();

/** A request to roll an app back. */
export const RollbackBody = z.strictObject({
  change: NameParam.describe("Name of an earlier Change of the app, in phase Succeeded."),
  dryRun: z.boolean().optional().describe("Only show the plan: nothing is written. Defaults to false."),
});

/** A request to promote an app to a commit that the earlier Environments have tested. */
export const PromoteBody = z
  .strictObject({
    commit: z
      .string()
      .regex(/^[0-9a-f]{40}$/, "must be a commit ID of 40 hexadecimal digits")
      .optional()
      .describe("Defaults to status.promotion.promotable of the app."),
    dryRun: z.boolean().optional().describe("Only show the plan: nothing is written. Defaults to false."),
  })
  .optional();

/** A request to suspend an app. */
export const SuspendBody = z
  .strictObject({
    reason: z.string().max(160).optional().describe("Why. Shown in the condition Ready, with the user."),
    until: z.iso.datetime().optional().describe("End of the suspension. Defaults to none."),
  })
  .optional();

/** A request without parameters. */
export const EmptyBody = z.strictObject({}).optional();

/** An object that a request has created. */
export const CreatedObject = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
});
export type CreatedObject = z.infer<typeof CreatedObject>;

/** A request that the operator carries out. */
export const Accepted = z.object({
  namespace: z.string(),
  name: z.string(),
  reconcileAt: z
    .string()
    .optional()
    .describe("Value of the annotation reconcile-at: status.lastHandledReconcileAt repeats it when that was done."),
});

/** A decision about a Change, which is named in the body. */
export const ApprovalBody = DecisionBody.extend({
  namespace: NamespaceParam,
  change: NameParam.describe("Name of the Change."),
  decision: z.enum(DECISIONS),
});
