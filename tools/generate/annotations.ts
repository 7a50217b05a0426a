import {
  ANNOTATION_NOTIFY_TEST,
  ANNOTATION_PRUNE,
  ANNOTATION_RECONCILE,
  ANNOTATION_RECONCILE_AT,
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
];
