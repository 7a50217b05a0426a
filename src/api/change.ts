import { z } from "zod";
import { atomicList, localRef, mapList, withRules } from "./fields.js";
import { Inputs } from "./inputs.js";
import type { CustomResource } from "./meta.js";
import { notesFields } from "./notes.js";
import { conditions, observedGeneration } from "./status-fields.js";

/** Why a Change exists. */
export const CHANGE_CAUSES = [
  "Revision",
  "Spec",
  "Values",
  "Renderer",
  "Sync",
  "Rollback",
  "Promotion",
  "Drift",
] as const;
export type ChangeCause = (typeof CHANGE_CAUSES)[number];

/** Where a Change stands. The last five are final. */
export const CHANGE_PHASES = [
  "Planning",
  "Refused",
  "Waiting",
  "Applying",
  "Verifying",
  "Succeeded",
  "Failed",
  "Rejected",
  "Superseded",
  "RolledBack",
] as const;
export type ChangePhase = (typeof CHANGE_PHASES)[number];

/** What is done with one object. */
export const ACTION_VERBS = ["Create", "Update", "Adopt", "Delete", "Release", "HandOver", "Keep"] as const;
export type ActionVerb = (typeof ACTION_VERBS)[number];

/** What a Change is about: never altered after it was made. */
export const ChangeSpec = withRules(
  z
    .object({
      app: localRef("The OverseerApp that changes."),
      cause: z
        .enum(CHANGE_CAUSES)
        .describe("Why: a new revision, an edited app, drift that is reported, or what a person asked for."),
      inputs: Inputs,
      requester: z
        .string()
        .max(253)
        .optional()
        .describe("User that requested the Change. Unset if the operator created it after an input changed."),
    })
    .describe("One step of one app from what is live to one set of inputs."),
  [{ rule: "self == oldSelf", message: "a Change cannot be edited: make a new one" }],
);
export type ChangeSpec = z.infer<typeof ChangeSpec>;

/** One field that differs. Secret values are never here. */
export const FieldChange = z
  .object({
    path: z.string().max(1024).describe("Path of the field."),
    from: z.string().max(512).optional().describe("Live value, as JSON. Unset if the field is not set."),
    to: z.string().max(512).optional().describe("New value, as JSON. Unset if the field is removed."),
  })
  .describe("One field that differs.");
export type FieldChange = z.infer<typeof FieldChange>;

/** One object of the plan. */
export const PlannedAction = z
  .object({
    verb: z.enum(ACTION_VERBS).describe("What is done with the object."),
    object: z.string().max(512).describe("Which object, like Deployment shop/web."),
    apiVersion: z.string().max(256).describe("Its apiVersion."),
    origin: z.string().max(1280).optional().describe("File and line it comes from."),
    reason: z.string().max(1024).optional().describe("Why it is kept, adopted or deleted."),
    diff: atomicList(FieldChange, 100, "Fields that differ, Secrets masked.").optional(),
    result: z.enum(["Done", "Failed"]).optional().describe("How it went."),
    error: z.string().max(1024).optional().describe("What the destination said."),
  })
  .describe("One object and what is done with it.");
export type PlannedAction = z.infer<typeof PlannedAction>;

/** One fault of a document that the destination refuses. */
export const Refusal = z
  .object({
    object: z.string().max(512).describe("Which object, like Deployment shop/web."),
    origin: z.string().max(1280).optional().describe("File and line of the field, or of the document."),
    message: z.string().max(1024).describe("What is wrong, and what to do. Secret values are never here."),
  })
  .describe("One fault of a document that the destination refuses.");
export type Refusal = z.infer<typeof Refusal>;

/** How a gate stands. */
export const GateState = z
  .object({
    name: z.string().max(64).describe("Which gate."),
    state: z.enum(["Pass", "Wait", "Fail"]).describe("Whether the Change may proceed."),
    message: z.string().max(1024).describe("Why, and what opens it."),
  })
  .describe("A condition that the Change must meet before it is applied.");
export type GateState = z.infer<typeof GateState>;

/** How a Change goes. */
export const ChangeStatus = z
  .object({
    observedGeneration,
    conditions: conditions("Ready: the Change reached its end well. While it holds: Reconciling, Stalled."),
    phase: z
      .enum(CHANGE_PHASES)
      .optional()
      .describe(
        "Planning, Refused (nothing was written, and it is tried again), Waiting, Applying, Verifying; or its end: Succeeded, Failed, Rejected, Superseded, RolledBack.",
      ),
    summary: z.string().max(64).optional().describe("The plan in short: +created ~updated -deleted."),
    planHash: z.string().max(64).optional().describe("Hash of what the plan does; an equal plan has an equal hash."),
    plan: atomicList(PlannedAction, 1000, "What is done, object by object: deletions first.").optional(),
    omitted: z.int().min(0).optional().describe("Actions that did not fit into plan."),
    ...notesFields,
    refusals: atomicList(
      Refusal,
      500,
      "All that the destination refuses, fault by fault; message names the first. While there is any, nothing is written.",
    ).optional(),
    gates: mapList(GateState, ["name"], 32, "Gates, and why they wait.").optional(),
    waitingFor: z.string().max(1024).optional().describe("What the Change waits for."),
    attempts: z.int().min(0).optional().describe("How often it was tried."),
    message: z.string().max(1024).optional().describe("How it ended, or what is in the way."),
    startTime: z.iso.datetime().optional().describe("When planning began."),
    appliedTime: z.iso.datetime().optional().describe("When all writes were made; health is waited for from then on."),
    completionTime: z.iso.datetime().optional().describe("When it reached its end."),
  })
  .describe("The plan, its gates, and how it went.");
export type ChangeStatus = z.infer<typeof ChangeStatus>;

/** One planned step of one app: the unit of review, audit and history. */
export type Change = CustomResource<ChangeSpec, ChangeStatus>;

/** Whether a phase is an end. */
export function isFinal(phase: ChangePhase | undefined): boolean {
  return (
    phase === "Succeeded" ||
    phase === "Failed" ||
    phase === "Rejected" ||
    phase === "Superseded" ||
    phase === "RolledBack"
  );
}
