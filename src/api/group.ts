/** API group of our custom resources. */
export const GROUP = "gitops.overseer.io";
/** The only version so far. */
export const VERSION = "v1alpha1";
/** `apiVersion` of our custom resources. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Label with the app's name, on every object that an app manages. The three labels together select the objects of an app. */
export const LABEL_APP = `${GROUP}/app`;
/** Label with the app's namespace. */
export const LABEL_APP_NAMESPACE = `${GROUP}/app-namespace`;
/** Label with the UID of the control cluster's kube-system namespace: two control clusters may share a destination. */
export const LABEL_INSTANCE = `${GROUP}/instance`;

/** Names the app and the object that it is set on, so that a copy of the object with the same labels is not taken for managed. */
export const ANNOTATION_IDENTITY = `${GROUP}/identity`;
/** Hashes of the document and of the managed fields at the last apply. Drift is detected by them without a request. */
export const ANNOTATION_APPLIED = `${GROUP}/applied`;

/**
 * On a live object or in Git, `disabled` keeps the object when it is removed from Git, and `confirm` requires an approval. On a live object, `confirmed` permits the
 * deletion of this object even if its kind is protected or an annotation of another tool keeps it.
 */
export const ANNOTATION_PRUNE = `${GROUP}/prune`;
/** In Git, `allowed`: the object may be deleted and re-created when a field cannot be changed. */
export const ANNOTATION_RECREATE = `${GROUP}/recreate`;
/** On a live object, `disabled` pauses its reconciliation until the annotation is removed. */
export const ANNOTATION_RECONCILE = `${GROUP}/reconcile`;
/** On a GitRepository or OverseerApp, a new value requests a reconcile; echoed in `status.lastHandledReconcileAt`. */
export const ANNOTATION_RECONCILE_AT = `${GROUP}/reconcile-at`;

/** On a pod template: keyed checksum of the ConfigMaps and Secrets that its pods use, so that a change restarts them. */
export const ANNOTATION_CONFIG_CHECKSUM = `${GROUP}/config-checksum`;
/** Digest of the request of the REST API with an Idempotency-Key that has created the object. */
export const ANNOTATION_REQUEST = `${GROUP}/request`;
/** On a NotificationChannel, a new value sends a test message; echoed in `status.lastHandledTest`. */
export const ANNOTATION_NOTIFY_TEST = `${GROUP}/notify-test`;

/** Label of Secrets that are kept out of Git: apps neither overwrite nor delete them. */
export const LABEL_PUSHED = `${GROUP}/pushed-secret`;
/** On such a Secret: who set it. */
export const ANNOTATION_SECRET_SET_BY = `${GROUP}/secret-set-by`;
/** On such a Secret: when. */
export const ANNOTATION_SECRET_SET_AT = `${GROUP}/secret-set-at`;
/** On an OverseerApp, the name of the OverseerAppSet that it belongs to. */
export const LABEL_APP_SET = `${GROUP}/app-set`;
/** On an OverseerApp of a set: UID of the set and name of the app, so that a copy is not taken for an app of the set, and a hash of what was applied. */
export const ANNOTATION_APP_SET = `${GROUP}/app-set-applied`;
/** On an OverseerAppSet: confirms the deletions of the plan with this hash. */
export const ANNOTATION_CONFIRM_DELETIONS = `${GROUP}/confirm-deletions`;
/** Prefix of annotations of a Secret that are parameters of the generator `clusters`. */
export const PARAMETER_PREFIX = `parameter.${GROUP}/`;

/** Finalizer of an OverseerApp: its deletionPolicy is carried out before it is removed. */
export const FINALIZER = `${GROUP}/cleanup`;

/** Field manager of the operator's writes to its own custom resources. */
export const OPERATOR_MANAGER = "overseer-gitops";

/** On a document in Git, `disabled` keeps variables of `source.substitute` from being replaced in it. */
export const ANNOTATION_SUBSTITUTE = `${GROUP}/substitute`;

/** On a document in Git: the wave that it is applied in, an integer. Each wave waits until the one before it is healthy. */
export const ANNOTATION_WAVE = `${GROUP}/wave`;

/** On a document in Git: the phases of a Change in which it runs as a hook, separated by commas. */
export const ANNOTATION_HOOK = `${GROUP}/hook`;
/** On a hook in Git: when its object is deleted. */
export const ANNOTATION_HOOK_DELETE_POLICY = `${GROUP}/hook-delete-policy`;
/** On a hook in Git: the time that it may take, a duration. */
export const ANNOTATION_HOOK_TIMEOUT = `${GROUP}/hook-timeout`;
/** On the live object of a hook: UID of the Change and phase that it was created for. */
export const ANNOTATION_HOOK_RUN = `${GROUP}/hook-run`;

/** On an OverseerApp that was imported: the object of the other tool that it replaces, as `group/Kind/namespace/name`. */
export const ANNOTATION_IMPORTED_FROM = `${GROUP}/imported-from`;
/** On an OverseerApp that was imported: its final sync policy as JSON, which it gets at the end of `overseer take-over`. */
export const ANNOTATION_IMPORTED_POLICY = `${GROUP}/imported-policy`;

/** On an OverseerApp or OverseerAppSet that was restored from a backup: the policy that it had, as JSON. */
export const ANNOTATION_RESTORED_POLICY = `${GROUP}/restored-policy`;
