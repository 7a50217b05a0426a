import type { ReasonText } from "./reason-text.js";

/** Reasons of OverseerApps. */
export const APP_REASONS = {
  RevisionLost: {
    meaning:
      "The applied revision can no longer be fetched, or was rendered with values of ConfigMaps and Secrets that have changed since. Drift is not reverted and nothing is deleted until a newer revision is fetched.",
    remedy: "Push a newer revision, or restore the lost one.",
  },
  PullRequestOpened: {
    meaning:
      "A pull request that carries tested versions to the files of the app was opened or updated; the message has its address.",
  },
  PullRequestEnded: {
    meaning: "The pull request that carried tested versions to the files of the app was merged or closed.",
  },
  PullRequestNotOpened: {
    meaning: "A pull request for tested versions cannot be opened, updated or closed; the message says why.",
    remedy: "Follow the message, or change the versions by hand.",
  },
  SourceTooLarge: {
    meaning: "spec.source is too large to be recorded in the status and in Changes; the message names the field.",
    remedy: "Move values to files in Git.",
  },
  ValuesNotFound: {
    meaning:
      "A ConfigMap or Secret in source.substitute.from, source.helm.valuesFrom or source.decryption, or an entry of source.secretStores, or its key, does not exist. The app continues as soon as it is created.",
    remedy: "Create it, or correct the name.",
  },
  ChartUnavailable: {
    meaning:
      "The chart of source.helm.chart cannot be pulled from its registry, is invalid, or has another digest. The operator retries.",
    remedy: "Correct name, version or credentials of the chart.",
  },
  ValuesForbidden: {
    meaning: "The ServiceAccount of the app may not read a ConfigMap or Secret of the source.",
    remedy: "Grant get for it to the ServiceAccount.",
  },
  SecretStoreUnavailable: {
    meaning:
      "A store of source.secretStores cannot be reached, is sealed, or answers with an error. The live objects stay as they are, and the operator retries.",
    remedy: "Make the store available; the message names it.",
  },
  SecretStoreDenied: {
    meaning:
      "A store of source.secretStores does not accept the credential of the app, or does not permit it to read a value.",
    remedy: "Correct the credential, the role or the policy in the store.",
  },
  SecretStoreInvalid: {
    meaning: "A store of source.secretStores has settings that cannot be used; the message names them.",
    remedy: "Correct source.secretStores.",
  },
  ValuesInvalid: { meaning: "A value from a ConfigMap or Secret is not text.", remedy: "Correct the value." },
  SuspensionEnded: {
    meaning:
      "The suspension has ended by itself (spec.suspendUntil). For one minute, drift is only shown; then it is reverted, and newer revisions are applied.",
    remedy: "To keep what was changed by hand, suspend the app again, or commit the change.",
  },
  Suspended: { meaning: "spec.suspend is true: the app is not reconciled.", remedy: "Set spec.suspend to false." },
  InvalidExpression: {
    meaning:
      "An expression in the spec of the app cannot be compiled; the message has its field, the position and the cause.",
    remedy: "Correct the expression.",
  },
  ServiceAccountRequired: {
    meaning: "spec.serviceAccountName must be set, because the namespace is not a trusted namespace of the operator.",
    remedy: "Set spec.serviceAccountName.",
  },
  RepositoryNotAllowed: {
    meaning:
      "The GitRepository is in another namespace, and its allowedNamespaces does not include the namespace of the app.",
    remedy: "Add the namespace to spec.allowedNamespaces of the GitRepository.",
  },
  RepositoryNotReady: { meaning: "The GitRepository has no revision yet; see its conditions." },
  RevisionNotFetched: { meaning: "The revision in spec.source.ref is being fetched." },
  NoDocuments: {
    meaning:
      "The source contains no documents and sync.allowEmpty is false. Nothing is deleted; the message says what was found.",
    remedy: "Correct source.path, include or exclude, or set sync.allowEmpty.",
  },
  PathNotFound: {
    meaning: "source.path does not exist in the commit.",
    remedy: "Correct source.path, or push the directory.",
  },
  UnsupportedSource: {
    meaning: "The source needs a feature that this version does not support; the message names it.",
    remedy: "Remove the feature from the source.",
  },
  InvalidManifest: {
    meaning: "A file is not a valid Kubernetes manifest or Compose document; the message names file and line.",
    remedy: "Correct the file.",
  },
  RenderFailed: {
    meaning: "Rendering the source failed; the message names files and lines.",
    remedy: "Correct the files.",
  },
  ApplyRefused: {
    meaning:
      "The dry run of a document was rejected. Nothing was written; status.refusals of the Change lists all causes.",
    remedy: "Correct the documents, or grant the missing permission.",
  },
  SourceNotes: { meaning: "Event: parts of the source were ignored, added or assumed; see status.notes." },
  ApplyWarning: { meaning: "Event: the destination accepted a document with a warning." },
  ApplyFailed: {
    meaning:
      "A write or deletion failed after the Change had started. Objects that were already written are kept; the others are retried.",
    remedy: "None if the cause is temporary; otherwise correct what the message names.",
  },
  PruneRefused: {
    meaning:
      "The plan would delete objects that a safety rule protects. Nothing is deleted; the message names the rule.",
    remedy: "Follow the message.",
  },
  Deletions: {
    meaning:
      "The Change waits because it would delete protected objects, or more objects than sync.pruneBudget. The message names them and how to confirm.",
    remedy: "Confirm the deletions, or raise sync.pruneBudget.",
  },
  Dependencies: {
    meaning: "The Change waits because an app in spec.dependsOn is not Ready or not Healthy; the message names it.",
    remedy: "Correct the other app, or spec.dependsOn.",
  },
  Manual: {
    meaning:
      "The Change waits because sync.mode is Manual. Drift is reverted meanwhile; newer inputs replace the waiting Change.",
    remedy: "Request the sync by a Change of cause Sync, approve the plan, or set sync.mode to Automatic.",
  },
  RejectedByUser: {
    meaning:
      "A user has rejected the plan of the Change by an Approval with decision Reject; the message names the user.",
    remedy: "Change the source, or ask the user to withdraw the decision.",
  },
  Approvals: { meaning: "The decisions of users about the Change cannot be evaluated; the message has the cause." },
  Promotion: {
    meaning:
      "A newer revision waits because the earlier Environments have not tested it yet, or because a user has to promote it. The message says what is missing. Drift is reverted meanwhile.",
    remedy: "Wait, or follow the message. See status.promotion and status.ledger of the apps.",
  },
  Approval: {
    meaning:
      "The Change waits for the users whom its Environment asks to approve the plan. The message says how many and of which groups.",
    remedy: "Approve the plan by Approvals.",
  },
  Environment: {
    meaning: "The Change has objects in a place that an Environment claims to which the app does not belong.",
    remedy: "Remove the documents, or add the namespace of the app to the Environment.",
  },
  EnvironmentWindow: {
    meaning:
      "The Change waits because a freeze or the windows of its Environment permit no sync now. The message says until when.",
  },
  PolicyChanges: {
    meaning:
      "The Change writes or deletes Environments or the admission policies of the operator, and waits for an approval.",
    remedy: "Approve the plan, or remove the documents.",
  },
  Repositories: {
    meaning: "The Git repository of the app is not in spec.repositories of its Environment.",
    remedy: "Use another repository, or add its URL to the Environment.",
  },
  StatusNotSigned: {
    meaning:
      "Event: the status of the app was not written by the operator, so the applied revision is not known: drift is not reverted, and the next Change passes all gates.",
    remedy: "Approve the next Change, and find out who has written the status.",
  },
  LedgerNotSigned: {
    meaning:
      "Event: status.ledger is not the one that the operator has written last. That one is restored if the operator still has it; otherwise the ledger proves nothing, the soak of the applied inputs begins anew, and later Environments wait for it.",
    remedy:
      "Expected once after an upgrade from a version that did not sign ledgers; otherwise find out who has written the status.",
  },
  BreakGlass: {
    meaning: "A user has let a Change through by an Approval with decision BreakGlass; the message says who, and why.",
    remedy: "Another user acknowledges that by an Approval for that Change with decision Acknowledge.",
  },
  Review: {
    meaning:
      "The Change waits because a commit that changes the app did not come by a reviewed pull request, or because the Git host cannot be asked. The message names the commit and what is missing.",
    remedy: "Let the commit be reviewed, or revert it by a reviewed pull request.",
  },
  Checks: {
    meaning:
      "The Change waits for a check of its commit, or because the Git host cannot be asked. The message names the check and its state.",
    remedy: "Wait for the check, or correct what it reports.",
  },
  Rollout: {
    meaning:
      "The Change waits because as many apps of its Environment as limits.concurrent permits apply one, or because its commit has failed for another app of the Environment. The message names the apps.",
    remedy: "Wait for the other apps, or correct what has failed there and push a commit.",
  },
  RolledBack: {
    meaning: "The app was rolled back and is pinned to earlier inputs; the message says by whom, and until when.",
    remedy: "Request a sync by a Change of cause Sync. An automatic rollback also ends when the inputs change.",
  },
  RollbackImpossible: {
    meaning: "Event: a Change failed, and there are no earlier inputs to roll back to; the message has the cause.",
  },
  SyncWindow: {
    meaning:
      "The windows in spec.sync.windows permit no sync now, and the Change waits. The message says until when. Drift is reverted meanwhile.",
  },
  InvalidSyncWindow: {
    meaning:
      "A window in spec.sync.windows is invalid, and the Change was rejected. Correct the field that the message names.",
    remedy: "Correct the window.",
  },
  References: {
    meaning: "The Change waits because documents refer to a secret, node or app that the Core does not have.",
    remedy: "Create what is missing.",
  },
  Waiting: { meaning: "A Change is waiting; the message says for what." },
  Applying: { meaning: "A Change is being applied." },
  Observing: {
    meaning:
      "The live objects are not known (yet), for example for lack of a permission; the message has the cause. Nothing is deleted meanwhile.",
  },
  Progressing: { meaning: "The objects are becoming healthy, or a sync is in progress." },
  NotApplied: { meaning: "Nothing has been applied yet." },
  Applied: { meaning: "Live objects match the revision in the message." },
  Synced: { meaning: "The revision is applied and all objects are healthy." },
  Healthy: { meaning: "All objects are healthy." },
  ObjectSuspended: {
    meaning:
      "All objects are healthy, or a user has suspended them: a paused Deployment, a suspended Job or CronJob. The message names them.",
    remedy: "Resume them in Git when they are to run again.",
  },
  Degraded: { meaning: "An object has failed; the message names it and the cause.", remedy: "Correct the object." },
  Unknown: { meaning: "The health of an object cannot be determined." },
  HealthTimeout: {
    meaning: "The objects did not become healthy within health.timeout.",
    remedy: "Correct the objects, or raise health.timeout.",
  },
  HookFailed: {
    meaning:
      "A hook failed, and the Change ended as Failed. The message names the hook and what its container said. Hooks run again for other inputs, after an edit of the app, or when a reconcile is requested.",
    remedy: "Correct the hook.",
  },
  HookStarted: { meaning: "Event: a hook was started." },
  HookStopped: {
    meaning: "Event: the object of a hook was deleted, because its Change has ended or it was removed from Git.",
  },
  WaveFailed: {
    meaning:
      "The objects of a wave failed or did not become healthy within health.timeout, so that later waves were not applied. The Change ended as Failed; the rest follows when the wave is healthy.",
    remedy: "Correct the objects that the message names.",
  },
  HealthFailed: { meaning: "Event: a Change was applied, but its objects did not become healthy." },
  Drifted: {
    meaning:
      "Live objects differ from the applied revision; the condition Drifted says whether this is only reported or could not be reverted.",
    remedy: "Find out who changes the object.",
  },
  NotHealed: { meaning: "Drift that could not be reverted yet; retrying.", remedy: "Follow the message." },
  Reported: { meaning: "Drift that is only reported, since sync.selfHeal is false." },
  DriftHealed: { meaning: "Event: drift of a live object was reverted." },
  Contested: {
    meaning: "Another field manager repeatedly changes a field that the app manages.",
    remedy: "Remove the field from Git, or stop the other client.",
  },
  TakenBack: {
    meaning:
      "The same field was changed again after it was reverted; the message names the field manager and the remedy.",
    remedy: "Remove the field from Git, or stop the other client.",
  },
  DeletionPending: {
    meaning: "Deleted objects still exist; the message says what blocks their deletion, such as a finalizer.",
    remedy: "Remove what blocks the deletion.",
  },
  ObjectPaused: {
    meaning: "A live object has the annotation gitops.overseer.io/reconcile: disabled and is not changed.",
    remedy: "Remove the annotation.",
  },
  ObjectResumed: { meaning: "Event: the annotation was removed and the object is reconciled again." },
  HandedOver: {
    meaning: "Event: an object moved to another app in Git, and its ownership was transferred to that app.",
  },
  TransferFailed: {
    meaning: "Event: an object moved to another app in Git, but its ownership could not be transferred.",
    remedy: "Grant the other app the permission that the message names.",
  },
  ObjectKept: { meaning: "Event: an object was removed from Git but not deleted; the message has the cause." },
  ObjectsKept: { meaning: "Event: the app was deleted and these objects were kept; the message has the cause." },
  Deleting: { meaning: "The app is being deleted and waits until its objects are gone." },
} as const satisfies Readonly<Record<string, ReasonText>>;
