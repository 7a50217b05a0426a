import type { ConditionType } from "../../src/api/conditions.js";

/** A condition of a kind and its meaning. */
export interface ConditionText {
  readonly type: ConditionType;
  /** Present only while True. */
  readonly abnormal: boolean;
  readonly meaning: string;
}

/** Kind → its conditions. */
export const CONDITION_TEXTS: ReadonlyMap<string, readonly ConditionText[]> = new Map([
  [
    "GitRepository",
    [
      { type: "Ready", abnormal: false, meaning: "A verified revision is available." },
      { type: "Fetched", abnormal: false, meaning: "The last poll of the remote succeeded." },
      {
        type: "Verified",
        abnormal: false,
        meaning:
          "With spec.verify: the signatures of the newest revision are valid. If False, the message says what is not.",
      },
      {
        type: "StatusesReported",
        abnormal: false,
        meaning:
          "The commit statuses of all apps are reported to the Git host. Present with `spec.provider.statuses`. Does not affect Ready.",
      },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is in progress, or a failed operation will be retried automatically.",
      },
      {
        type: "Stalled",
        abnormal: true,
        meaning:
          "The error cannot be resolved by retrying: a change of the spec, the source or the cluster is required.",
      },
    ],
  ],
  [
    "OverseerApp",
    [
      {
        type: "Ready",
        abnormal: false,
        meaning:
          "Live objects match the last inputs that passed all gates, and are healthy. Stays True while newer inputs wait for a gate.",
      },
      { type: "Synced", abnormal: false, meaning: "Live objects match the latest revision." },
      { type: "Healthy", abnormal: false, meaning: "All objects are healthy." },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is in progress, or a failed operation will be retried automatically.",
      },
      {
        type: "Stalled",
        abnormal: true,
        meaning:
          "The error cannot be resolved by retrying: a change of the spec, the source or the cluster is required.",
      },
      {
        type: "Drifted",
        abnormal: true,
        meaning: "Live objects differ from the applied revision and were not reverted.",
      },
      {
        type: "Waiting",
        abnormal: true,
        meaning: "A Change is waiting; the message says for what.",
      },
      {
        type: "Contested",
        abnormal: true,
        meaning: "Another field manager repeatedly changes the same fields; the message names it.",
      },
      {
        type: "Limited",
        abnormal: true,
        meaning: "The destination lacks a feature; the message says what the operator does instead.",
      },
      {
        type: "Paused",
        abnormal: true,
        meaning: "Live objects have the annotation `gitops.overseer.io/reconcile: disabled`; the message names them.",
      },
      {
        type: "Pinned",
        abnormal: true,
        meaning: "The app is kept at earlier inputs after a rollback; the message says until when.",
      },
      {
        type: "BreakGlass",
        abnormal: true,
        meaning:
          "A user has let a Change through by break-glass, and no other user has acknowledged that; the message says who and why.",
      },
      {
        type: "Terminating",
        abnormal: true,
        meaning:
          "Deleted objects still exist; the message names them and what blocks each: finalizers, pods that use a claim, remaining contents of a namespace.",
      },
    ],
  ],
  [
    "Change",
    [
      { type: "Ready", abnormal: false, meaning: "The Change succeeded." },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is in progress, or a failed operation will be retried automatically.",
      },
      {
        type: "Stalled",
        abnormal: true,
        meaning:
          "The error cannot be resolved by retrying: a change of the spec, the source or the cluster is required.",
      },
    ],
  ],
  [
    "Approval",
    [
      { type: "Ready", abnormal: false, meaning: "The decision counts." },
      { type: "Stalled", abnormal: true, meaning: "The decision has no effect; the message says why." },
    ],
  ],
  [
    "Environment",
    [
      { type: "Ready", abnormal: false, meaning: "The Environment is in force." },
      {
        type: "PoliciesInForce",
        abnormal: false,
        meaning:
          "The admission policies that prove who has decided are those of this version. If False, no decision of a user counts.",
      },
      {
        type: "Stalled",
        abnormal: true,
        meaning: "The Environment is not in force as it is written; the message says why.",
      },
      {
        type: "Limited",
        abnormal: true,
        meaning: "Fields that are set have no effect in this version; the message names them.",
      },
    ],
  ],
  [
    "NotificationChannel",
    [
      { type: "Ready", abnormal: false, meaning: "The last message was accepted, or none was sent yet." },
      {
        type: "Stalled",
        abnormal: true,
        meaning: "Nothing can be sent until the spec or its Secret is changed; the message says why.",
      },
    ],
  ],
  [
    "OverseerAppSet",
    [
      { type: "Ready", abnormal: false, meaning: "The apps are as the template and the generators say." },
      {
        type: "Reconciling",
        abnormal: true,
        meaning: "Work is in progress, or a failed operation will be retried automatically.",
      },
      {
        type: "Stalled",
        abnormal: true,
        meaning: "The error cannot be resolved by retrying: a change of the spec, the source or an app is required.",
      },
      {
        type: "Waiting",
        abnormal: true,
        meaning: "Nothing is written until deletions are confirmed; see status.plan.",
      },
      { type: "Terminating", abnormal: true, meaning: "The set is being deleted and waits until its apps are gone." },
    ],
  ],
]);
