import { z } from "zod";
import { cutText } from "../base/cut-text.js";
import { MESSAGE_DIGITS, shortRevision } from "./short-revision.js";

/** Condition types of our custom resources. Those of the second line exist only while they are True. */
export const CONDITION_TYPES = [
  "Ready",
  "Fetched",
  "Synced",
  "Healthy",
  "Reconciling",
  "Stalled",
  "Drifted",
  "Waiting",
  "Contested",
  "Limited",
  "Paused",
  "Terminating",
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Condition types that are absent unless True: something to look at, or work under way. */
export const ABNORMAL_TRUE: ReadonlySet<ConditionType> = new Set([
  "Reconciling",
  "Stalled",
  "Drifted",
  "Waiting",
  "Contested",
  "Limited",
  "Paused",
  "Terminating",
]);

/** Status of a condition. */
export type ConditionStatus = "True" | "False" | "Unknown";

/** A condition as in `metav1.Condition`. */
export const Condition = z
  .object({
    type: z.string().max(316).describe("What the condition is about, for example Ready."),
    status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds."),
    observedGeneration: z.int().min(0).optional().describe("The generation of the spec that this was judged for."),
    lastTransitionTime: z.iso.datetime().describe("When the status last changed."),
    reason: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
      .describe("Why, in one CamelCase word that programs may match."),
    message: z.string().max(32768).describe("Why, for people: what, where, and what to do."),
  })
  .describe("One aspect of the state.");
export type Condition = z.infer<typeof Condition>;

/** What a controller says of a condition; times and generation are added when it is written. */
export interface ConditionDraft {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
}

/** Longest message that we write: what does not fit is cut with an ellipsis. */
export const MAX_MESSAGE = 1024;

/** Clocks of two machines may differ by this; what is further ahead was written by a clock that was set wrong. */
const MOST_AHEAD_MS = 60_000;

/**
 * Joins what a controller says now with the conditions that stand: `lastTransitionTime` moves only when the status does
 * (metav1.Condition), or when it is in the future, and abnormal-true types that are not said any more vanish.
 */
export function mergeConditions(
  previous: readonly Condition[],
  drafts: readonly ConditionDraft[],
  generation: number,
  now: string,
): Condition[] {
  const before = new Map(previous.map((condition) => [condition.type, condition]));
  return drafts.map((draft) => {
    const old = before.get(draft.type);
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
  return Date.parse(time) - Date.parse(now) > MOST_AHEAD_MS;
}

/** A message as it is written: revisions with fewer digits, at most MAX_MESSAGE characters. */
export function cutMessage(message: string): string {
  return cutText(shortRevision(message, MESSAGE_DIGITS), MAX_MESSAGE);
}

/** The condition of a type, if it is there. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
