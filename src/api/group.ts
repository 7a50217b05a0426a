/** API group of our custom resources. */
export const GROUP = "gitops.overseer.io";
/** The only version so far. */
export const VERSION = "v1alpha1";
/** `apiVersion` of every object of ours. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Labels on every object that an app manages, with the app's name; together they select an app's objects in one watch. */
export const LABEL_APP = `${GROUP}/app`;
/** Label with the app's namespace. */
export const LABEL_APP_NAMESPACE = `${GROUP}/app-namespace`;
/** UID of the control cluster's kube-system namespace: two control clusters may write to one destination. */
export const LABEL_INSTANCE = `${GROUP}/instance`;

/** Names the object that carries it and its app, so that a copy that inherits our labels is not taken for ours. */
export const ANNOTATION_IDENTITY = `${GROUP}/identity`;
/** `documentHash.fieldsHash` of our last apply: what tells drift without a request. */
export const ANNOTATION_APPLIED = `${GROUP}/applied`;

/**
 * On a live object or in Git: `disabled` keeps the object when it leaves Git. On a live object, put there by a person:
 * `confirmed` lets this one object be deleted, although its kind or a mark of another tool asks for its being kept.
 */
export const ANNOTATION_PRUNE = `${GROUP}/prune`;
/** On a live object, put there by a person: `disabled` lets it be as it is, whatever Git says, until it is taken away. */
export const ANNOTATION_RECONCILE = `${GROUP}/reconcile`;
/** On a GitRepository or OverseerApp: reconcile now; echoed in `status.lastHandledReconcileAt`. */
export const ANNOTATION_RECONCILE_AT = `${GROUP}/reconcile-at`;

/** Finalizer of an OverseerApp: its objects are dealt with before it goes. */
export const FINALIZER = `${GROUP}/cleanup`;

/** Field manager of the operator's own writes to its custom resources. */
export const OPERATOR_MANAGER = "overseer-gitops";
