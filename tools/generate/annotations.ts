import { ANNOTATION_PRUNE, ANNOTATION_RECONCILE, ANNOTATION_RECONCILE_AT } from "../../src/api/group.js";

/** An annotation that people may set. */
export interface AnnotationText {
  /** Kind on whose page it stands. */
  readonly page: string;
  /** With its value. */
  readonly annotation: string;
  /** What it is set on. */
  readonly on: string;
  readonly meaning: string;
}

/** All annotations that people may set. */
export const ANNOTATION_TEXTS: readonly AnnotationText[] = [
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_RECONCILE_AT}: <anything new>`,
    on: "the OverseerApp or GitRepository",
    meaning: "Reconcile now, without waiting for the end of a rest. status.lastHandledReconcileAt answers.",
  },
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_PRUNE}: disabled`,
    on: "a live object, or its document in Git",
    meaning:
      "The object is kept when it leaves Git, and when the app is deleted. Annotations of other tools that mean this count too; docs/from-other-tools.md lists them.",
  },
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_PRUNE}: confirmed`,
    on: "a live object; in Git it has no effect",
    meaning:
      "Confirms the deletion of this one object: it may be deleted although its kind always asks, an annotation keeps it, or deletionPolicy Delete keeps its kind.",
  },
  {
    page: "OverseerApp",
    annotation: `${ANNOTATION_RECONCILE}: disabled`,
    on: "a live object; in Git it has no effect",
    meaning:
      "The object is left as it is: not written, put back, handed over or deleted, whatever Git says. The condition Paused, the Change (as Keep) and an Event say so. When the annotation goes, the object is brought to what Git says.",
  },
];
