import type { LiveObject } from "./live.js";

/** Why an object without a document is not deleted. */
export type KeepReason =
  | "PruneDisabled"
  | "SourceUnread"
  | "ProtectedObject"
  | "Paused"
  | "NotProven"
  | "AlreadyDeleting"
  | "DeletionPolicy"
  | "NamespaceInUse"
  | "NeededByKept"
  | "Awaited"
  | "Orphaned"
  | "Suspended";

/** Facts about a prune. */
export interface PruneRequest {
  readonly pruneCandidates: readonly LiveObject[];
  /** Whether every list of the app's kinds is complete. */
  readonly observationComplete: boolean;
  /** Number of desired objects. */
  readonly desired: number;
  /** Number of live objects of the app, the base of a percentage budget. */
  readonly live: number;
  /** `sync.prune` */
  readonly prune: boolean;
  /** Why a part of the source could not be read, if so: objects missing from the documents may still be desired. */
  readonly unread?: string | undefined;
  /** `sync.allowEmpty` */
  readonly allowEmpty: boolean;
  /** `sync.pruneBudget`: a count, or a percentage such as `25%`. */
  readonly budget: number | string | undefined;
  /** Budgets of the Environments of the app. The smallest budget counts, and there is no exemption. */
  readonly environmentBudgets?: readonly (number | string)[];
  /** Returns the app (`namespace/name`) that claims an object, if any. */
  readonly claimedBy: (live: LiveObject) => string | undefined;
  /** Returns why an app that claims an object cannot take ownership yet; until then the object is kept. */
  readonly awaitedBy?: (live: LiveObject) => string | undefined;
}

/** Facts about the deletion of an app. */
export interface FinalizeRequest {
  readonly objects: readonly LiveObject[];
  readonly observationComplete: boolean;
  readonly policy: "Delete" | "DeleteAll" | "Orphan";
  readonly suspended: boolean;
  /** Returns the app that claims an object, if any. */
  readonly claimedBy: (live: LiveObject) => string | undefined;
  /** Returns foreign content of a namespace, or a text if it was not inspected; undefined only if it was and contains none. */
  readonly namespaceInUse: (name: string) => string | undefined;
}
