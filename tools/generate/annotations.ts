import {
  ANNOTATION_CONFIRM_DELETIONS,
  ANNOTATION_NOTIFY_TEST,
  ANNOTATION_PRUNE,
  ANNOTATION_RECONCILE,
  ANNOTATION_RECONCILE_AT,
  PARAMETER_PREFIX,
} from "../../src/api/group.js";

/** An annotation that users may set. */
export interface AnnotationText {
  /** Kind on whose page it is listed. */
  readonly page: string;
  /** Annotation and value. */
  readonly annotation: string;
  /** Objects that it is set on. */
  readonly on: string;
  readonly meaning: string;
}

/** All annotations that users may set. */
export const ANNOTATION_TEXTS: readonly AnnotationText[] = [
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_RECONCILE_AT}: <any new value>`,
    on: "the OverseerApp or GitRepository",
    meaning: "Reconcile now and reset the backoff. Once handled, the value is in status.lastHandledReconcileAt.",
  },
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_PRUNE}: disabled`,
    on: "a live object, or its document in Git",
    meaning:
      "Keep the object when it is removed from Git and when the app is deleted. Equivalent annotations of other tools are honored; docs/from-other-tools.md lists them.",
  },
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_PRUNE}: confirmed`,
    on: "a live object; in Git it has no effect",
    meaning:
      "Permit the deletion of this object, even if its kind requires confirmation, an annotation keeps it, or deletionPolicy Delete keeps its kind.",
  },
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_RECONCILE}: disabled`,
    on: "a live object; in Git it has no effect",
    meaning:
      "Pause the object: it is not written, reverted, transferred or deleted. This is reported by the condition Paused, the Change (as Keep) and an Event. When the annotation is removed, the object is reconciled again.",
  },
  {
    page: "NotificationChannel",
    annotation: `${ANNOTATION_NOTIFY_TEST}: <any new value>`,
    on: "the NotificationChannel",
    meaning: "Send a test message. Once it is accepted, the value is in status.lastHandledTest.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${ANNOTATION_CONFIRM_DELETIONS}: <status.plan.hash>`,
    on: "the OverseerAppSet",
    meaning: "Confirm the deletions in status.plan. A plan with other deletions requires another confirmation.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${ANNOTATION_PRUNE}: disabled`,
    on: "an app of the set",
    meaning: "Keep the app when it is not generated any more and when the set is deleted.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${ANNOTATION_PRUNE}: confirm`,
    on: "an app of the set, also in the template",
    meaning: "Delete the app only after a confirmation.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${ANNOTATION_PRUNE}: confirmed`,
    on: "an app of the set",
    meaning: "Confirm the deletion of this app, if it is not generated any more.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${ANNOTATION_RECONCILE}: disabled`,
    on: "an app of the set",
    meaning: "Leave the app alone: the set neither changes nor deletes it.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${ANNOTATION_RECONCILE_AT}: <any new value>`,
    on: "the OverseerAppSet",
    meaning: "Reconcile now. Once handled, the value is in status.lastHandledReconcileAt.",
  },
  {
    page: "OverseerAppSet",
    annotation: `${PARAMETER_PREFIX}<name>: <value>`,
    on: "a Secret with a kubeconfig",
    meaning: "A parameter of the generator clusters: metadata.annotations.<name>.",
  },
];
