import { z } from "zod";
import { CHANGE_CAUSES, ChangeSpec, ChangeStatus, FieldChange, PlannedAction } from "../change.js";
import { CHANGE_PHASES } from "../change-phase.js";
import { Can, LIST_QUERY, listOf, Time } from "./fields.js";
import { ResourceMeta } from "./resource.js";

/** A Change in a list. */
export const ChangeRow = z
  .object({
    namespace: z.string(),
    name: z.string(),
    app: z.string().describe("Name of the app."),
    cause: z.enum(CHANGE_CAUSES),
    phase: z.enum(CHANGE_PHASES),
    summary: z.string().optional().describe("Numbers of created, updated and deleted objects."),
    revision: z.string().optional().describe("Revision to apply, with a short commit ID."),
    requester: z.string().optional(),
    waitingFor: z.string().optional().describe("What the Change waits for."),
    gates: z.array(z.string()).optional().describe("Names of the gates that the Change waits for."),
    message: z.string().optional().describe("Result, or what prevents the Change."),
    created: Time,
    completed: Time.optional(),
    deleted: z.literal(true).optional().describe("The Change has been deleted since the snapshot was made."),
  })
  .describe("A Change in a list.");
export type ChangeRow = z.infer<typeof ChangeRow>;

/** Query of the list of Changes. */
export const ChangeListQuery = z.strictObject({
  ...LIST_QUERY,
  state: z
    .enum(["open", "waiting", "finished", "all"])
    .optional()
    .describe("Which Changes to list. Defaults to open: those that are not finished."),
  mine: z.enum(["true", "false"]).optional().describe("Only Changes that wait for a decision that the user may make."),
});

/** A window of Changes. */
export const ChangeList = listOf(ChangeRow);
export type ChangeList = z.infer<typeof ChangeList>;

/** One Change. */
export const ChangeDetail = z
  .object({
    ...ResourceMeta,
    spec: ChangeSpec,
    status: ChangeStatus.optional(),
    row: ChangeRow.describe("The Change as lists show it."),
    can: Can,
  })
  .describe("A Change as the API server returns it, without managed fields. Values of Secrets in its plan are masked.");
export type ChangeDetail = z.infer<typeof ChangeDetail>;

/** The plan of a Change, whatever its size. */
export const WholePlan = z
  .object({
    planHash: z
      .string()
      .describe("Names this plan in a decision. Not status.planHash if the status does not show the whole plan."),
    complete: z
      .boolean()
      .describe("Whether nothing is missing. The status of a Change that does not wait any more shows less."),
    actions: z.array(
      PlannedAction.extend({
        diff: z
          .array(FieldChange.extend({ from: z.string().optional(), to: z.string().optional() }))
          .optional()
          .describe("Fields that differ. Values of Secrets are masked."),
      }),
    ),
  })
  .describe("The plan of a Change, deletions first. Values of Secrets are masked.");
export type WholePlan = z.infer<typeof WholePlan>;

/** An object, as plans name it. */
export const PlannedObject = PlannedAction.pick({ apiVersion: true, object: true });
export type PlannedObject = z.infer<typeof PlannedObject>;

/** Fields of the objects that a Change creates. */
export const NewObjects = z
  .object({
    items: z.array(
      PlannedObject.extend({
        diff: z
          .array(z.object({ path: z.string(), to: z.string().optional() }))
          .describe("Fields of the document, as the diff of an action. Values of Secrets are masked."),
      }),
    ),
    omitted: z.int().describe("Number of objects whose fields are not known, or did not fit into 4 MiB."),
  })
  .describe("Fields of the objects that a Change creates, which its plan does not hold.");
export type NewObjects = z.infer<typeof NewObjects>;

/** A decision about a plan. */
export const DecisionBody = z.strictObject({
  planHash: z
    .string()
    .min(1)
    .max(64)
    .describe(
      "The plan that the user has seen: status.planHash of the Change, or planHash of its whole plan. Another plan is never decided about.",
    ),
  comment: z.string().max(1024).optional().describe("Why. Shown in the Change."),
});

/** Result of a decision. */
export const DecisionResult = z.object({
  namespace: z.string(),
  name: z.string().describe("Name of the Approval."),
  change: z.string(),
  decision: z.string(),
  planHash: z.string(),
});
