/** Kinds whose conditions and Events have reasons. */
export type ReasonKind = "GitRepository" | "OverseerApp";

/** A machine-readable reason and its meaning. */
export interface ReasonText {
  readonly reason: string;
  readonly kinds: readonly ReasonKind[];
  readonly meaning: string;
}

/** Reasons of GitRepositories. */
const REPOSITORY_REASONS: Readonly<Record<string, string>> = {
  Fetched: "The revision is fetched and verified.",
  Fetching: "The first revision is being fetched.",
  NewRevision: "Event: a new revision is in use.",
};

/** Reasons of GitRepositories, and of OverseerApps whose repository or source has the problem. */
const COMMON_REASONS: Readonly<Record<string, string>> = {
  Retrying: "An operation failed and is retried automatically; the condition Ready has the cause.",
  InvalidURL: "spec.url is not a valid URL.",
  UnsupportedTransport:
    "The URL uses a transport that is not supported here: use https:// or ssh://. SSH requires the native Git engine and the OpenSSH client.",
  HostNotAllowed: "The host in spec.url, or of the proxy, is not in --allowed-git-hosts of the operator.",
  InvalidCredential: "The Secret in secretRef lacks a key or has an invalid value; the message names the key.",
  SecretNotFound: "The Secret in secretRef does not exist.",
  InvalidReference: "spec.ref is invalid, for example a malformed version range or ref name.",
  ReferenceNotFound: "The remote does not have the branch, tag or ref; the message names similar ones.",
  CommitNotFound: "The remote does not have the commit, or does not allow fetching it by its ID.",
  NotACommit:
    "spec.ref resolves to a tag object, tree or blob instead of a commit; for a tag, the message names its commit.",
  HostKeyUnknown:
    "The SSH server's host key is not in known_hosts of the Secret in secretRef. The message has its type and fingerprint.",
  HostKeyChanged:
    "The SSH server's host key differs from the one in known_hosts of the Secret in secretRef, or is marked as revoked there.",
  AuthenticationFailed: "The remote rejected the credentials, or requires credentials.",
  RepositoryNotFound:
    "On a GitRepository: the remote has no such repository, or the credentials do not give access to it. On an OverseerApp: the GitRepository in repositoryRef does not exist.",
  GitUnreachable: "The connection to the remote failed or timed out.",
  FetchTimeout: "The fetch did not finish within spec.timeout of the GitRepository.",
  FetchWaiting: "The fetch could not start because other fetches took too long; the message names the server.",
  CacheFull: "The cache of Git objects is full. The last fetched revision stays in use.",
  TLSFailed: "The certificate of the remote is not trusted, or the remote rejected the client certificate.",
  Redirected:
    "The remote redirects to another URL. Redirects are not followed, since they would forward the credentials; use the new URL in spec.url.",
  RateLimited: "The remote limits the request rate. Polling continues at the time that the remote gave.",
  GitServerError: "The remote returned a server error (HTTP 5xx).",
  NotAGitRepository: "The URL responds, but not as a Git repository.",
  EmptyRepository: "The repository has no commits.",
  RemoteFailed: "The remote reported an error while it was sending its response.",
  CorruptPack: "The received data does not match its checksum and was discarded.",
  IncompleteFetch: "The remote did not send all objects of the commit; the received data was discarded.",
  GitStoreDamaged: "The local copy of the repository is damaged. It is deleted and fetched again.",
  GitStoreUnwritable: "The cache directory cannot be written: the volume is full, or the permissions are insufficient.",
  RepositoryTooLarge: "The fetch exceeds the size limit for one fetch.",
  ObjectNotFound: "A Git object of a verified commit is missing.",
  InvalidTree: "A commit or tree object in Git is malformed.",
  TreeTooLarge: "The directory has more files or levels than the limits allow.",
  UnsafePath: "A path leads outside of the repository.",
};

/** Reasons of OverseerApps. */
const APP_REASONS: Readonly<Record<string, string>> = {
  RevisionLost:
    "The applied revision can no longer be fetched, or was rendered with values of ConfigMaps and Secrets that have changed since. Drift is not reverted and nothing is deleted until a newer revision is fetched.",
  SourceTooLarge: "spec.source is too large to be recorded in the status and in Changes; the message names the field.",
  ValuesNotFound:
    "A ConfigMap or Secret in source.substitute.from or source.helm.valuesFrom, or its key, does not exist. The app continues as soon as it is created.",
  ChartUnavailable: "The chart of source.helm.chart cannot be pulled from its registry. The operator retries.",
  ValuesForbidden: "The ServiceAccount of the app may not read a ConfigMap or Secret of the source.",
  ValuesInvalid: "A value from a ConfigMap or Secret is not text.",
  Suspended: "spec.suspend is true: the app is not reconciled.",
  ServiceAccountRequired:
    "spec.serviceAccountName must be set, because the namespace is not a trusted namespace of the operator.",
  RepositoryNotAllowed:
    "The GitRepository is in another namespace, and its allowedNamespaces does not include the namespace of the app.",
  RepositoryNotReady: "The GitRepository has no revision yet; see its conditions.",
  RevisionNotFetched: "The revision in spec.source.ref is being fetched.",
  NoDocuments:
    "The source contains no documents and sync.allowEmpty is false. Nothing is deleted; the message says what was found.",
  PathNotFound: "source.path does not exist in the commit.",
  UnsupportedSource: "The source needs a feature that this version does not support; the message names it.",
  InvalidManifest: "A file is not a valid Kubernetes manifest or Compose document; the message names file and line.",
  RenderFailed: "Rendering the source failed; the message names files and lines.",
  ApplyRefused:
    "The dry run of a document was rejected. Nothing was written; status.refusals of the Change lists all causes.",
  SourceNotes: "Event: parts of the source were ignored, added or assumed; see status.notes.",
  ApplyWarning: "Event: the destination accepted a document with a warning.",
  ApplyFailed:
    "A write or deletion failed after the Change had started. Objects that were already written are kept; the others are retried.",
  KindNotFound: "The destination does not serve the kind of a document; its CustomResourceDefinition may be missing.",
  ApiServerUnreachable: "The API server does not respond.",
  ApiServerError: "The API server returned an error without a cause.",
  PruneRefused:
    "The plan would delete objects that a safety rule protects. Nothing is deleted; the message names the rule.",
  Deletions:
    "The Change waits because it would delete protected objects, or more objects than sync.pruneBudget. The message names them and how to confirm.",
  Dependencies: "The Change waits because an app in spec.dependsOn is not Ready or not Healthy; the message names it.",
  SyncWindow:
    "The windows in spec.sync.windows permit no sync now: the Change waits, or drift is not reverted. The message says until when.",
  InvalidSyncWindow:
    "A window in spec.sync.windows is invalid, and the Change was rejected. Correct the field that the message names.",
  References: "The Change waits because documents refer to a secret, node or app that the Core does not have.",
  CoreAddressInvalid: "The URL of the Core cannot be used; the message has the cause.",
  CoreSecretInvalid: "The Secret for the Core lacks a key or has an invalid value; the message names the key.",
  CoreUnreachable: "The connection to the Core failed.",
  CoreTimeout: "The Core did not respond in time.",
  CoreInvalidResponse: "The response of the Core is incomplete or does not match its API.",
  CoreAuthenticationFailed: "The Core rejected the token.",
  CoreForbidden: "The token does not have permission for the request.",
  CoreNotFound: "The Core does not have the requested path. Check destination.overseer.url.",
  CoreConflict: "The Core rejected a write because of a conflict; retrying.",
  CoreRefused: "The Core rejected a request; the message has the cause.",
  CoreFailed: "The Core returned a server error; retrying.",
  CoreLacks: "The Core lacks a feature; the message says what the operator does instead.",
  InvalidKubeconfig: "The kubeconfig of the remote cluster is rejected; the message has the cause and the remedy.",
  ClusterUnreachable: "The remote cluster does not respond, or the connection to it failed.",
  ClusterAuthenticationFailed: "The remote cluster rejected the credentials of the kubeconfig.",
  ClusterFailed: "The remote address returns errors, or is not a Kubernetes API server.",
  Waiting: "A Change is waiting; the message says for what.",
  Applying: "A Change is being applied.",
  Observing:
    "The live objects are not known (yet), for example for lack of a permission; the message has the cause. Nothing is deleted meanwhile.",
  Progressing: "The objects are becoming healthy, or a sync is in progress.",
  NotApplied: "Nothing has been applied yet.",
  Applied: "Live objects match the revision in the message.",
  Synced: "The revision is applied and all objects are healthy.",
  Healthy: "All objects are healthy.",
  Degraded: "An object has failed; the message names it and the cause.",
  Unknown: "The health of an object cannot be determined.",
  HealthTimeout: "The objects did not become healthy within health.timeout.",
  HealthFailed: "Event: a Change was applied, but its objects did not become healthy.",
  Drifted:
    "Live objects differ from the applied revision; the condition Drifted says whether this is only reported or could not be reverted.",
  NotHealed: "Drift that could not be reverted yet; retrying.",
  Reported: "Drift that is only reported, since sync.selfHeal is false.",
  DriftHealed: "Event: drift of a live object was reverted.",
  Contested: "Another field manager repeatedly changes a field that the app manages.",
  TakenBack:
    "The same field was changed again after it was reverted; the message names the field manager and the remedy.",
  DeletionPending: "Deleted objects still exist; the message says what blocks their deletion, such as a finalizer.",
  ObjectPaused: "A live object has the annotation gitops.overseer.io/reconcile: disabled and is not changed.",
  ObjectResumed: "Event: the annotation was removed and the object is reconciled again.",
  HandedOver: "Event: an object moved to another app in Git, and its ownership was transferred to that app.",
  TransferFailed: "Event: an object moved to another app in Git, but its ownership could not be transferred.",
  ObjectKept: "Event: an object was removed from Git but not deleted; the message has the cause.",
  ObjectsKept: "Event: the app was deleted and these objects were kept; the message has the cause.",
  Deleting: "The app is being deleted and waits until its objects are gone.",
};

/**
 * All reasons of conditions and Events. A house test compares this list with the code, in both directions. The reason of a
 * Change's condition is its phase.
 */
export const REASONS: readonly ReasonText[] = [
  ...reasons(["GitRepository"], REPOSITORY_REASONS),
  ...reasons(["GitRepository", "OverseerApp"], COMMON_REASONS),
  ...reasons(["OverseerApp"], APP_REASONS),
];

function reasons(kinds: readonly ReasonKind[], texts: Readonly<Record<string, string>>): ReasonText[] {
  return Object.entries(texts).map(([reason, meaning]) => ({ reason, kinds, meaning }));
}
