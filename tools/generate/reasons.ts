/** Kinds whose conditions and Events have reasons. */
export type ReasonKind = "GitRepository" | "OverseerApp";

/** A reason, as programs match it, and what it means to people. */
export interface ReasonText {
  readonly reason: string;
  readonly kinds: readonly ReasonKind[];
  readonly meaning: string;
}

const BOTH: readonly ReasonKind[] = ["GitRepository", "OverseerApp"];
const REPOSITORY: readonly ReasonKind[] = ["GitRepository"];
const APP: readonly ReasonKind[] = ["OverseerApp"];

/**
 * Every reason of a condition or Event. A house test compares this with the code, both ways. A Change has none of its own:
 * its reason is its phase.
 */
export const REASONS: readonly ReasonText[] = [
  { reason: "Fetched", kinds: REPOSITORY, meaning: "The revision is here and verified." },
  { reason: "Fetching", kinds: REPOSITORY, meaning: "The first revision is on its way." },
  { reason: "NewRevision", kinds: REPOSITORY, meaning: "Event: another revision is in use from now on." },
  {
    reason: "RevisionLost",
    kinds: APP,
    meaning: "What is applied cannot be fetched any more: nothing is healed or deleted until a newer revision is.",
  },
  { reason: "Retrying", kinds: BOTH, meaning: "Something failed and is tried again by itself; Ready says what." },
  { reason: "InvalidURL", kinds: BOTH, meaning: "The URL cannot be read as one." },
  {
    reason: "UnsupportedTransport",
    kinds: BOTH,
    meaning: "The URL needs a transport that this version does not speak.",
  },
  {
    reason: "InvalidCredential",
    kinds: BOTH,
    meaning: "The Secret lacks a key, or holds something that cannot be used.",
  },
  { reason: "SecretNotFound", kinds: BOTH, meaning: "The Secret in secretRef does not exist." },
  { reason: "InvalidReference", kinds: BOTH, meaning: "The ref cannot be one: a wrong range or name." },
  {
    reason: "ReferenceNotFound",
    kinds: BOTH,
    meaning: "The remote has no such branch, tag or ref; the message names the nearest.",
  },
  { reason: "CommitNotFound", kinds: BOTH, meaning: "The remote does not have, or does not give out, the commit." },
  {
    reason: "NotACommit",
    kinds: BOTH,
    meaning:
      "ref leads to a tag object, a folder or a file instead of a commit; the message names the commit of a tag.",
  },
  { reason: "AuthenticationFailed", kinds: BOTH, meaning: "The remote refused the credential, or wants one." },
  {
    reason: "RepositoryNotFound",
    kinds: BOTH,
    meaning:
      "On a GitRepository: the remote has no such repository, or hides it. On an OverseerApp: the GitRepository does not exist.",
  },
  { reason: "GitUnreachable", kinds: BOTH, meaning: "No connection to the remote, or no answer in time." },
  {
    reason: "FetchTimeout",
    kinds: BOTH,
    meaning: "The remote was not done within spec.timeout of the GitRepository.",
  },
  {
    reason: "FetchWaiting",
    kinds: BOTH,
    meaning: "Other fetches took so long that this one could not begin; the message names the server.",
  },
  {
    reason: "CacheFull",
    kinds: BOTH,
    meaning: "The cache for Git objects has no room for more of this repository; what was fetched stays in use.",
  },
  { reason: "TLSFailed", kinds: BOTH, meaning: "The certificate of the remote is not trusted, or ours was refused." },
  {
    reason: "Redirected",
    kinds: BOTH,
    meaning: "The remote points to another address; it is not followed, since the credential would go along.",
  },
  {
    reason: "RateLimited",
    kinds: BOTH,
    meaning: "The remote asks for fewer requests; it is asked again when it said.",
  },
  { reason: "GitServerError", kinds: BOTH, meaning: "The remote failed (HTTP 5xx)." },
  { reason: "NotAGitRepository", kinds: BOTH, meaning: "The address answers, but not as a Git repository." },
  { reason: "EmptyRepository", kinds: BOTH, meaning: "The repository has no commit yet." },
  { reason: "RemoteFailed", kinds: BOTH, meaning: "The remote began to answer and then said that it failed." },
  {
    reason: "CorruptPack",
    kinds: BOTH,
    meaning: "What was received does not match its checksum; nothing of it was kept.",
  },
  {
    reason: "IncompleteFetch",
    kinds: BOTH,
    meaning: "The remote did not send all of the commit; nothing of it was kept.",
  },
  { reason: "GitStoreDamaged", kinds: BOTH, meaning: "The local copy is damaged; it is thrown away and fetched anew." },
  {
    reason: "GitStoreUnwritable",
    kinds: BOTH,
    meaning: "The cache folder cannot be written: full, or without the right to.",
  },
  { reason: "RepositoryTooLarge", kinds: BOTH, meaning: "The remote sends more than is allowed for one fetch." },
  { reason: "ObjectNotFound", kinds: BOTH, meaning: "A Git object that a verified commit needs is not there." },
  { reason: "InvalidTree", kinds: BOTH, meaning: "A commit or folder in Git is broken." },
  { reason: "TreeTooLarge", kinds: BOTH, meaning: "The folder has more files, or is deeper, than is allowed." },
  { reason: "UnsafePath", kinds: BOTH, meaning: "The path leads out of the repository." },
  { reason: "Suspended", kinds: APP, meaning: "spec.suspend is true; nothing is done." },
  {
    reason: "ServiceAccountRequired",
    kinds: APP,
    meaning: "spec.serviceAccountName is not set, and the namespace is not trusted with the operator's own rights.",
  },
  { reason: "RepositoryNotAllowed", kinds: APP, meaning: "The GitRepository does not allow this namespace." },
  { reason: "RepositoryNotReady", kinds: APP, meaning: "The GitRepository has no revision yet." },
  { reason: "RevisionNotFetched", kinds: APP, meaning: "The revision that the app wants is on its way." },
  {
    reason: "NoDocuments",
    kinds: APP,
    meaning: "The source holds no document at all, and sync.allowEmpty is not set; the message names what is there.",
  },
  { reason: "PathNotFound", kinds: APP, meaning: "There is nothing at source.path in the commit." },
  { reason: "UnsupportedSource", kinds: APP, meaning: "The source needs something that this version does not have." },
  {
    reason: "InvalidManifest",
    kinds: APP,
    meaning: "A file cannot be read as Kubernetes objects; the message names file and line.",
  },
  {
    reason: "RenderFailed",
    kinds: APP,
    meaning: "The documents cannot be made from the source; the message names files and lines.",
  },
  {
    reason: "ApplyRefused",
    kinds: APP,
    meaning: "The destination refuses a document on a dry run; nothing was written.",
  },
  {
    reason: "SourceNotes",
    kinds: APP,
    meaning: "Event: something of the source was left out, added or assumed; status.notes has all.",
  },
  { reason: "ApplyWarning", kinds: APP, meaning: "Event: the destination took a document with a warning." },
  {
    reason: "ApplyFailed",
    kinds: APP,
    meaning:
      "A write or deletion failed, or a document is still refused after what it needed was written. What was written stays; the rest follows with the next try.",
  },
  { reason: "KindNotFound", kinds: APP, meaning: "The destination does not serve the kind of a document." },
  { reason: "ApiServerUnreachable", kinds: APP, meaning: "The API server gives no answer." },
  { reason: "ApiServerError", kinds: APP, meaning: "The API server failed without saying why." },
  {
    reason: "PruneRefused",
    kinds: APP,
    meaning: "The plan would delete what the rules against accidents protect; nothing is deleted.",
  },
  { reason: "Deletions", kinds: APP, meaning: "The plan deletes more than may go unasked." },
  {
    reason: "References",
    kinds: APP,
    meaning: "Documents name a secret, node or app that the destination does not have yet.",
  },
  {
    reason: "CoreAddressInvalid",
    kinds: APP,
    meaning: "The address of the Core cannot be used; the message says why.",
  },
  {
    reason: "CoreSecretInvalid",
    kinds: APP,
    meaning: "The Secret for the Core lacks a key, or holds what cannot be used.",
  },
  { reason: "CoreUnreachable", kinds: APP, meaning: "No connection to the Core." },
  { reason: "CoreTimeout", kinds: APP, meaning: "The Core did not answer in time." },
  {
    reason: "CoreInvalidResponse",
    kinds: APP,
    meaning: "The Core gave half an answer, or something else than its API says.",
  },
  { reason: "CoreAuthenticationFailed", kinds: APP, meaning: "The Core does not know the token." },
  { reason: "CoreForbidden", kinds: APP, meaning: "The Core does not allow the token to do this." },
  { reason: "CoreNotFound", kinds: APP, meaning: "The Core has no such path; look whether the address is right." },
  { reason: "CoreConflict", kinds: APP, meaning: "The Core refuses a write as things stand; it is tried again." },
  { reason: "CoreRefused", kinds: APP, meaning: "The Core does not accept a request." },
  { reason: "CoreFailed", kinds: APP, meaning: "The Core failed; it is tried again." },
  { reason: "CoreLacks", kinds: APP, meaning: "The Core cannot do everything; the message says what is done instead." },
  {
    reason: "InvalidKubeconfig",
    kinds: APP,
    meaning: "The kubeconfig for a remote cluster is not used; the message says why, and what to write instead.",
  },
  { reason: "ClusterUnreachable", kinds: APP, meaning: "No connection to the remote cluster, or no answer." },
  {
    reason: "ClusterAuthenticationFailed",
    kinds: APP,
    meaning: "The remote cluster does not know the user of the kubeconfig, or tells it nothing.",
  },
  { reason: "ClusterFailed", kinds: APP, meaning: "What answers at the remote address fails, or is no API server." },
  { reason: "Waiting", kinds: APP, meaning: "A change waits; the message says for what." },
  { reason: "Applying", kinds: APP, meaning: "A change is being written." },
  {
    reason: "Observing",
    kinds: APP,
    meaning:
      "The live objects cannot be seen (yet): the message says why, as a right that the operator lacks. Nothing is deleted meanwhile.",
  },
  { reason: "Progressing", kinds: APP, meaning: "The objects are on their way to being healthy." },
  { reason: "NotApplied", kinds: APP, meaning: "Nothing was applied yet." },
  { reason: "Applied", kinds: APP, meaning: "Live is the revision that the message names." },
  { reason: "Synced", kinds: APP, meaning: "Live is what Git says, and healthy." },
  { reason: "Healthy", kinds: APP, meaning: "All objects are healthy." },
  { reason: "Degraded", kinds: APP, meaning: "An object failed; the message names it." },
  { reason: "Unknown", kinds: APP, meaning: "The health of an object cannot be told." },
  { reason: "HealthTimeout", kinds: APP, meaning: "The objects did not become healthy within health.timeout." },
  {
    reason: "HealthFailed",
    kinds: APP,
    meaning: "Event: a change was applied, and its objects did not become healthy.",
  },
  { reason: "Drifted", kinds: APP, meaning: "Live objects differ from what was applied and could not be put back." },
  { reason: "NotHealed", kinds: APP, meaning: "Drift that could not be put back yet." },
  { reason: "Reported", kinds: APP, meaning: "Drift that is only reported, since sync.selfHeal is false." },
  { reason: "DriftHealed", kinds: APP, meaning: "Event: a live object was put back." },
  { reason: "Contested", kinds: APP, meaning: "Another writer takes back a field again and again." },
  {
    reason: "TakenBack",
    kinds: APP,
    meaning: "The same field was taken back again; the message names the writer and the fix.",
  },
  {
    reason: "DeletionPending",
    kinds: APP,
    meaning: "Objects are being deleted and still there; the message says what keeps them.",
  },
  {
    reason: "ObjectPaused",
    kinds: APP,
    meaning: "A live object is annotated gitops.overseer.io/reconcile: disabled, and left as it is.",
  },
  {
    reason: "ObjectResumed",
    kinds: APP,
    meaning: "Event: the annotation is gone, and the object is as Git says again.",
  },
  { reason: "HandedOver", kinds: APP, meaning: "Event: an object moved in Git to another app, which owns it now." },
  {
    reason: "TransferFailed",
    kinds: APP,
    meaning: "Event: an object moved in Git to another app, and could not be made that app's.",
  },
  { reason: "ObjectKept", kinds: APP, meaning: "Event: an object left Git and was not deleted, and why." },
  { reason: "ObjectsKept", kinds: APP, meaning: "Event: the app is deleted and these objects stay, and why." },
  { reason: "Deleting", kinds: APP, meaning: "The app is being deleted and waits for its objects to go." },
];
