import { z } from "zod";
import { APPROVAL_STATES, DECISIONS } from "./approval-state.js";
import { CHANGE_PHASES } from "./change-phase.js";
import { atomicList, localRef, mapList, objectName, withRules } from "./fields.js";
import { HOOK_PHASES, HookRun, MAX_HOOKS } from "./hook.js";
import { Inputs } from "./inputs.js";
import type { CustomResource } from "./meta.js";
import { notesFields } from "./notes.js";
import { conditions, observedGeneration } from "./status-fields.js";

export { CHANGE_PHASES, type ChangePhase, isFinal } from "./change-phase.js";

/** Causes of a Change. */
export const CHANGE_CAUSES = [
  "Revision",
  "Spec",
  "Values",
  "Renderer",
  "Retry",
  "Sync",
  "Rollback",
  "Promotion",
  "Deletion",
  "Drift",
] as const;
export type ChangeCause = (typeof CHANGE_CAUSES)[number];

/** Actions on one object. */
export const ACTION_VERBS = ["Create", "Update", "Adopt", "Recreate", "Delete", "HandOver", "Keep", "Hook"] as const;
export type ActionVerb = (typeof ACTION_VERBS)[number];

/** Spec of a Change. Immutable, except that the operator adds the inputs of a request once. */
export const ChangeSpec = withRules(
  z
    .object({
      app: localRef("The OverseerApp that this Change belongs to."),
      cause: z
        .enum(CHANGE_CAUSES)
        .describe(
          "Cause of the Change: Revision (a new commit), Spec (an edited OverseerApp), Values (a changed ConfigMap or Secret of the source), Renderer (other documents from the same source, for example after an upgrade), Retry (the rest of a Change that had stopped), Sync (requested by a user), Rollback (to earlier inputs, requested by a user or after a failure), Promotion (a commit that an earlier Environment has tested, by itself or requested by a user) Deletion (of the app, in an Environment) or Drift (reverts what differs from the applied inputs, with sync.selfHeal: false). Users create Changes of cause Sync, Rollback and Promotion only.",
        ),
      inputs: Inputs.optional(),
      requester: z
        .string()
        .min(1)
        .max(512)
        .describe(
          "User who requests the Change: your own user name as in kubectl auth whoami. Required for requests. Verified by an admission policy.",
        )
        .optional(),
      rollbackTo: z
        .object({
          change: objectName("Name of an earlier Change of the app, in phase Succeeded."),
          uid: z.string().min(1).max(64).describe("metadata.uid of that Change."),
        })
        .describe("The Change whose inputs the app is rolled back to. Required for requests of cause Rollback.")
        .optional(),
      promote: z
        .object({
          commit: z
            .string()
            .max(40)
            .regex(/^[0-9a-f]{40}$/)
            .describe("Commit ID with 40 hexadecimal digits, on the first-parent line of the app's ref."),
        })
        .describe(
          "The commit to promote, which the earlier Environments must have tested. Required for requests of cause Promotion.",
        )
        .optional(),
      objects: atomicList(
        z
          .object({
            apiVersion: z
              .string()
              .min(1)
              .max(317)
              .optional()
              .describe("API version of the object. Needed only if it is ambiguous."),
            kind: z.string().min(1).max(63).describe("Kind of the object."),
            namespace: z
              .string()
              .min(1)
              .max(63)
              .optional()
              .describe("Namespace of the object. Defaults to that of the app."),
            name: z.string().min(1).max(253).describe("Name of the object."),
          })
          .describe("An object of the app."),
        50,
        "If set, only these objects are synced: without hooks, waves and deletions. Only for requests of cause Sync.",
      ).optional(),
      dryRun: z
        .boolean()
        .describe(
          "If true, nothing is written: the Change shows its plan and ends in phase Planned. Only for requests of users. Defaults to false.",
        )
        .optional(),
    })
    .describe(
      "One sync of an app to one set of inputs. Immutable. A user requests one by app, cause and requester; the operator adds the inputs.",
    ),
  [
    {
      // The operator adds the inputs of a request once.
      rule: "self == oldSelf || (!has(oldSelf.inputs) && has(self.inputs) && self.app == oldSelf.app && self.cause == oldSelf.cause && has(self.requester) && has(oldSelf.requester) && self.requester == oldSelf.requester && !has(self.dryRun) && has(self.rollbackTo) == has(oldSelf.rollbackTo) && (!has(self.rollbackTo) || self.rollbackTo == oldSelf.rollbackTo) && has(self.promote) == has(oldSelf.promote) && (!has(self.promote) || self.promote == oldSelf.promote))",
      message: "the spec of a Change is immutable: create another Change instead",
    },
    {
      rule: "self.cause in ['Sync', 'Rollback', 'Promotion'] ? has(self.requester) || (self.cause != 'Sync' && has(self.inputs)) : has(self.inputs) && !has(self.requester) && !has(self.dryRun)",
      message:
        "causes Sync, Rollback and Promotion require requester; the other causes are those of the operator, require inputs, and must not have requester or dryRun",
    },
    {
      rule: "!has(self.objects) || (self.cause == 'Sync' && has(self.requester) && !has(self.inputs) && !has(self.dryRun) && size(self.objects) > 0)",
      message: "objects must name at least one object, and is only for requests of cause Sync without dryRun",
    },
    {
      rule: "has(self.rollbackTo) ? self.cause == 'Rollback' : self.cause != 'Rollback' || !has(self.requester)",
      message: "cause Rollback requires rollbackTo; it must not be set for other causes",
    },
    {
      rule: "has(self.promote) ? self.cause == 'Promotion' : self.cause != 'Promotion' || !has(self.requester)",
      message: "cause Promotion requires promote; it must not be set for other causes",
    },
  ],
);
export type ChangeSpec = z.infer<typeof ChangeSpec>;

/** A field that differs between live and desired state. Values of Secrets are masked. */
export const FieldChange = z
  .object({
    path: z.string().max(1024).describe("Path of the field."),
    from: z
      .string()
      .max(16384)
      .optional()
      .describe("Live value, as JSON. Unset if the live object does not have the field."),
    to: z.string().max(16384).optional().describe("Desired value, as JSON. Unset if the field is removed."),
  })
  .describe("A field that differs.");
export type FieldChange = z.infer<typeof FieldChange>;

/** An object of the plan and its action. */
export const PlannedAction = z
  .object({
    verb: z
      .enum(ACTION_VERBS)
      .describe(
        "Action on the object. Recreate deletes it and creates it again, because a field cannot be changed; Keep leaves it unchanged; HandOver transfers its ownership to another app; Hook runs it beside the sync, see status.hooks.",
      ),
    object: z.string().max(512).describe("The object, for example Deployment shop/web."),
    apiVersion: z.string().max(256).describe("apiVersion of the object."),
    origin: z.string().max(1280).optional().describe("File and line of its manifest."),
    reason: z.string().max(1024).optional().describe("Reason for keeping, adopting or deleting the object."),
    diff: atomicList(FieldChange, 1000, "Fields that differ. Values of Secrets are masked.").optional(),
    result: z
      .enum(["Done", "Failed"])
      .optional()
      .describe("Result of the action. Unset until it has been carried out."),
    error: z.string().max(1024).optional().describe("Error returned by the destination."),
  })
  .describe("An object and the action on it.");
export type PlannedAction = z.infer<typeof PlannedAction>;

/** One reason why the destination rejects a document. */
export const Refusal = z
  .object({
    object: z.string().max(512).describe("The object, for example Deployment shop/web."),
    origin: z.string().max(1280).optional().describe("File and line of the field, or else of the document."),
    message: z.string().max(1024).describe("Cause and remedy. Never contains values of Secrets."),
  })
  .describe("One reason why the destination rejects a document.");
export type Refusal = z.infer<typeof Refusal>;

/** State of a gate. */
export const GateState = z
  .object({
    name: z.string().max(64).describe("Name of the gate."),
    state: z.enum(["Pass", "Wait", "Fail"]).describe("State of the gate: Pass lets the Change proceed."),
    message: z.string().max(1024).describe("Reason for the state, and what has to happen for the gate to pass."),
    since: z.iso.datetime().optional().describe("Time since which the gate has this state."),
    opens: z.string().max(1024).optional().describe("Who can open the gate, if the message does not say so."),
    until: z.iso.datetime().optional().describe("Time at which the gate is evaluated again by itself."),
    otherwise: z.string().max(1024).optional().describe("What happens if the gate is not opened."),
  })
  .describe("A check that the Change must pass before it is applied.");
export type GateState = z.infer<typeof GateState>;

/** The decision of a user, and whether it counts. */
export const CountedApproval = z
  .object({
    name: z.string().max(253).describe("Name of the Approval."),
    approver: z.string().max(512).describe("User who has decided."),
    decision: z.enum(DECISIONS).describe("The decision."),
    state: z
      .enum(APPROVAL_STATES)
      .describe(
        "Counted: the decision has an effect. Stale: it is for another plan, or withdrawn. NotEligible: the user may not decide, or the plan is not shown completely.",
      ),
    message: z.string().max(1024).describe("Reason for the state."),
    comment: z.string().max(1024).optional().describe("Comment of the user."),
    time: z.iso.datetime().optional().describe("Time of the decision."),
  })
  .describe("The decision of a user, and whether it counts.");
export type CountedApproval = z.infer<typeof CountedApproval>;

/** Status of a Change. */
export const ChangeStatus = z
  .object({
    observedGeneration,
    conditions: conditions("Conditions of the Change: Ready, and Reconciling and Stalled while they are True."),
    phase: z
      .enum(CHANGE_PHASES)
      .optional()
      .describe(
        "Phase of the Change. Open: Planning, Refused (a document was rejected, nothing was written, retrying), Waiting (for a gate), Applying, Verifying (waiting for healthy objects). Final: Succeeded, Failed, Rejected (by a gate, or a request that cannot be met), Superseded, Planned (a dry run; nothing was written).",
      ),
    summary: z.string().max(64).optional().describe("Summary of the plan: +created ~updated -deleted."),
    planHash: z
      .string()
      .max(64)
      .optional()
      .describe(
        "Hash of the plan: actions, objects, and documents before and after. Equal plans have equal hashes. An Approval names it.",
      ),
    plan: atomicList(
      PlannedAction,
      5000,
      "Planned actions, one per object, deletions first. Complete while the Change is Waiting, or was planned only, unless planIncomplete is set.",
    ).optional(),
    omitted: z.int().min(0).optional().describe("Number of actions that did not fit into plan."),
    planIncomplete: z
      .string()
      .max(512)
      .optional()
      .describe(
        "What plan does not show, if the Change is Waiting, or was planned only, and the plan did not fit. It is approved by the hash that the REST API returns with the whole plan, not by planHash.",
      ),
    ...notesFields,
    refusals: atomicList(
      Refusal,
      500,
      "Everything that the destination rejects; message has the first entry. Nothing is written while this list is not empty.",
    ).optional(),
    appGeneration: z
      .int()
      .min(0)
      .optional()
      .describe(
        "metadata.generation of the app when a gate rejected the Change, or the Change stopped. The same inputs are not tried again for this generation.",
      ),
    gates: mapList(GateState, ["name"], 32, "Gates and their state.").optional(),
    approvals: mapList(CountedApproval, ["name"], 200, "Decisions of users about the Change.").optional(),
    waitingFor: z.string().max(1024).optional().describe("What the Change is waiting for."),
    attempts: z.int().min(0).optional().describe("Number of attempts."),
    message: z.string().max(1024).optional().describe("Result of the Change, or what currently prevents it."),
    startTime: z.iso.datetime().optional().describe("Time at which planning started."),
    wave: z
      .object({
        number: z.int().describe("The wave."),
        since: z.iso.datetime().describe("Time at which all of its objects were written."),
      })
      .optional()
      .describe("The last wave that the Change has waited for to become healthy. Unset if the source has no waves."),
    hooks: atomicList(
      HookRun,
      2 * MAX_HOOKS,
      "Hooks that the Change has run, in the order of their last events.",
    ).optional(),
    failure: z
      .object({
        reason: z.enum(["WaveFailed", "HookFailed", "HealthFailed"]).describe("Reason of the failure."),
        message: z.string().max(1024).describe("Cause of the failure."),
      })
      .optional()
      .describe("Why the Change fails. Its SyncFail hooks run before it ends."),
    stopped: z
      .object({
        wave: z.int().optional().describe("The wave that did not become healthy."),
        hook: z.enum(HOOK_PHASES).optional().describe("The phase of the hook that failed."),
      })
      .optional()
      .describe(
        "Where a failed Change stopped. The rest of its plan was not applied; that is tried again when the wave is healthy, when the app or its inputs change, or when a reconcile is requested.",
      ),
    appliedTime: z.iso
      .datetime()
      .optional()
      .describe("Time at which all writes were done and waiting for healthy objects started."),
    completionTime: z.iso.datetime().optional().describe("Time at which the Change reached a final phase."),
  })
  .describe("Plan, gates and progress of the Change. Written by the operator.");
export type ChangeStatus = z.infer<typeof ChangeStatus>;

/** One planned sync of an app: the unit of review, audit and history. */
export type Change = CustomResource<ChangeSpec, ChangeStatus>;
