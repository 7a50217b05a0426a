import { z } from "zod";
import { cutText } from "../base/cut-text.js";
import type { ConditionReason } from "./reasons.js";
import { MESSAGE_DIGITS, shortRevision } from "./short-revision.js";

/** Condition types of our custom resources. */
export const CONDITION_TYPES = [
  "Ready",
  "Fetched",
  "Verified",
  "StatusesReported",
  "PoliciesInForce",
  "Synced",
  "Healthy",
  "Reconciling",
  "Stalled",
  "Drifted",
  "Waiting",
  "Contested",
  "Limited",
  "Paused",
  "Pinned",
  "BreakGlass",
  "Terminating",
  "BackupFailed",
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Abnormal-true condition types: present only while True. */
export const ABNORMAL_TRUE: ReadonlySet<ConditionType> = new Set([
  "Reconciling",
  "Stalled",
  "Drifted",
  "Waiting",
  "Contested",
  "Limited",
  "Paused",
  "Pinned",
  "BreakGlass",
  "Terminating",
  "BackupFailed",
]);

/** Status of a condition. */
export type ConditionStatus = "True" | "False" | "Unknown";

/** A condition as in `metav1.Condition`. */
export const Condition = z
  .object({
    type: z.string().max(316).describe("Type of the condition, for example Ready."),
    status: z.enum(["True", "False", "Unknown"]).describe("Status of the condition."),
    observedGeneration: z.int().min(0).optional().describe("metadata.generation that the condition was set for."),
    lastTransitionTime: z.iso.datetime().describe("Time at which the status last changed."),
    reason: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
      .describe("Machine-readable reason for the last transition, in CamelCase."),
    message: z.string().max(32768).describe("Human-readable explanation: cause, object and remedy."),
  })
  .describe("One aspect of the current state.");
export type Condition = z.infer<typeof Condition>;

/** A condition as a controller sets it. Times and generation are added when it is written. */
export interface ConditionDraft {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: ConditionReason;
  readonly message: string;
}

/** Maximum length of a message. Longer ones are truncated with an ellipsis. */
export const MAX_MESSAGE = 1024;

/** Tolerated clock skew between two machines. Times further in the future come from a misconfigured clock. */
const MAX_CLOCK_SKEW_MS = 60_000;

/**
 * Merges the drafts of a controller with the current conditions. `lastTransitionTime` changes only with the status, as in
 * metav1.Condition, or if it lies in the future. Conditions without a draft are removed.
 */
export function mergeConditions(
  previous: readonly Condition[],
  drafts: readonly ConditionDraft[],
  generation: number,
  now: string,
): Condition[] {
  const current = new Map(previous.map((condition) => [condition.type, condition]));
  return drafts.map((draft) => {
    const old = current.get(draft.type);
    const same = old?.status === draft.status && !isAhead(old.lastTransitionTime, now);
    return {
      type: draft.type,
      status: draft.status,
      observedGeneration: generation,
      lastTransitionTime: same ? old.lastTransitionTime : now,
      reason: draft.reason,
      message: cutMessage(draft.message),
    };
  });
}

function isAhead(time: string, now: string): boolean {
  return Date.parse(time) - Date.parse(now) > MAX_CLOCK_SKEW_MS;
}

/** Abbreviates the revisions in a message and truncates it to MAX_MESSAGE characters. */
export function cutMessage(message: string): string {
  return cutText(shortRevision(message, MESSAGE_DIGITS), MAX_MESSAGE);
}

/** Returns the condition of a type, if present. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
