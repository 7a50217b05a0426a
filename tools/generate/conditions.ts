import type { ConditionType } from "../../src/api/conditions.js";

/** A reason of a condition, for the page of its kind. */
export interface ReasonText {
  readonly reason: string;
  readonly meaning: string;
}

/** A condition of a kind, for its page. */
export interface ConditionText {
  readonly type: ConditionType;
  /** There only while it is True. */
  readonly abnormal: boolean;
  readonly meaning: string;
  readonly reasons: readonly ReasonText[];
}

/** Kind → its conditions. */
export const CONDITION_TEXTS: ReadonlyMap<string, readonly ConditionText[]> = new Map([
  [
    "GitRepository",
    [
      { type: "Ready", abnormal: false, meaning: "A verified revision is there for apps to use.", reasons: [] },
      { type: "Fetched", abnormal: false, meaning: "The last look at the remote went well.", reasons: [] },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is under way, or will be tried again by itself.",
        reasons: [],
      },
      { type: "Stalled", abnormal: true, meaning: "Nothing happens until somebody changes something.", reasons: [] },
    ],
  ],
  [
    "OverseerApp",
    [
      {
        type: "Ready",
        abnormal: false,
        meaning: "Live equals the last inputs that passed their gates, and is healthy; also while newer ones wait.",
        reasons: [],
      },
      { type: "Synced", abnormal: false, meaning: "Live is what Git says.", reasons: [] },
      { type: "Healthy", abnormal: false, meaning: "Every object is healthy.", reasons: [] },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is under way, or will be tried again by itself.",
        reasons: [],
      },
      { type: "Stalled", abnormal: true, meaning: "Nothing happens until somebody changes something.", reasons: [] },
      {
        type: "Drifted",
        abnormal: true,
        meaning: "Live differs from what was last applied, and is not put back.",
        reasons: [],
      },
      {
        type: "Waiting",
        abnormal: true,
        meaning: "A change waits for something, and the message says for what.",
        reasons: [],
      },
      {
        type: "Contested",
        abnormal: true,
        meaning: "Another writer takes back the same fields again and again; the message names it.",
        reasons: [],
      },
    ],
  ],
  [
    "Change",
    [
      { type: "Ready", abnormal: false, meaning: "The Change reached its end well.", reasons: [] },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is under way, or will be tried again by itself.",
        reasons: [],
      },
      { type: "Stalled", abnormal: true, meaning: "Nothing happens until somebody changes something.", reasons: [] },
    ],
  ],
]);
