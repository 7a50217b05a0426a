import type { ConditionType } from "../../src/api/conditions.js";

/** A condition of a kind, for its page. */
export interface ConditionText {
  readonly type: ConditionType;
  /** There only while it is True. */
  readonly abnormal: boolean;
  readonly meaning: string;
}

/** Kind → its conditions. */
export const CONDITION_TEXTS: ReadonlyMap<string, readonly ConditionText[]> = new Map([
  [
    "GitRepository",
    [
      { type: "Ready", abnormal: false, meaning: "A verified revision is there for apps to use." },
      { type: "Fetched", abnormal: false, meaning: "The last look at the remote went well." },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is under way, or will be tried again by itself.",
      },
      { type: "Stalled", abnormal: true, meaning: "Nothing happens until somebody changes something." },
    ],
  ],
  [
    "OverseerApp",
    [
      {
        type: "Ready",
        abnormal: false,
        meaning: "Live equals the last inputs that passed their gates, and is healthy; also while newer ones wait.",
      },
      { type: "Synced", abnormal: false, meaning: "Live is what Git says." },
      { type: "Healthy", abnormal: false, meaning: "Every object is healthy." },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is under way, or will be tried again by itself.",
      },
      { type: "Stalled", abnormal: true, meaning: "Nothing happens until somebody changes something." },
      {
        type: "Drifted",
        abnormal: true,
        meaning: "Live differs from what was last applied, and is not put back.",
      },
      {
        type: "Waiting",
        abnormal: true,
        meaning: "A change waits for something, and the message says for what.",
      },
      {
        type: "Contested",
        abnormal: true,
        meaning: "Another writer takes back the same fields again and again; the message names it.",
      },
      {
        type: "Limited",
        abnormal: true,
        meaning: "The destination cannot do everything that is needed; the message says what is done instead.",
      },
      {
        type: "Paused",
        abnormal: true,
        meaning: "Live objects are annotated `gitops.overseer.io/reconcile: disabled`; the message names them.",
      },
      {
        type: "Terminating",
        abnormal: true,
        meaning:
          "Objects are being deleted and still there; the message names them and what keeps each: finalizers, pods that use a claim, what is left in a namespace.",
      },
    ],
  ],
  [
    "Change",
    [
      { type: "Ready", abnormal: false, meaning: "The Change reached its end well." },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is under way, or will be tried again by itself.",
      },
      { type: "Stalled", abnormal: true, meaning: "Nothing happens until somebody changes something." },
    ],
  ],
]);
