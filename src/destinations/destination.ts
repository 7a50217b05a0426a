import type { FieldChange } from "../api/change.js";
import type { IgnoreRule } from "../api/ignore-differences.js";
import type { ConditionReason } from "../api/reasons.js";
import type { Additions } from "../api/sync-policy.js";
import type { Document } from "../manifest/document.js";
import type { GroupVersionKind, ObjectKey } from "../manifest/object-id.js";
import type { HealAction, Preview, PreviewedWrite, WriteAction } from "../plan/actions.js";
import type { AppRef, LiveObject, Observation } from "../plan/live.js";
import type { DeletePermit } from "../plan/prune-guard.js";
import type { ClusterFacts } from "../render/request.js";

/** An app at a destination, and the identity with which it writes. */
export interface Target {
  readonly app: AppRef;
  /** ServiceAccount in the app's namespace; undefined for the operator's own permissions. */
  readonly serviceAccountName: string | undefined;
  /** Which existing objects may be adopted. */
  readonly adopt: "Unowned" | "Always" | "Never";
  /** What happens to fields that others add. */
  readonly additions: Additions;
  /** Fields that are left alone. */
  readonly ignored: readonly IgnoreRule[];
  /** Whether objects that cannot be changed may be deleted and created again. */
  readonly recreate?: boolean;
  /** How Kubernetes deletes what a deleted object owns. Defaults to Background. */
  readonly propagation?: "Background" | "Foreground" | "Orphan";
}

/** Result of one write or delete. `pending`: what the rest of the write waits for; it is planned again. */
export type Outcome =
  | { readonly ok: true; readonly wrote: boolean; readonly notes: readonly string[]; readonly pending?: string }
  | { readonly ok: false; readonly message: string; readonly retryable: boolean; readonly retryAfterMs?: number };

/** Result of verifying a live object. */
export interface Verdict {
  readonly drifted: boolean;
  readonly diff: readonly FieldChange[];
  /** Why it could not be verified. */
  readonly problem?: string;
}

/** Whether a kind can be used. */
export interface KindStatus {
  readonly kind: GroupVersionKind;
  /** Why the kind cannot be used; undefined if it can. */
  readonly problem: string | undefined;
  /** Milliseconds until the kind has to be prepared again, if no event reports that it can be used. */
  readonly recheckAfterMs?: number;
}

/** Why a destination is unavailable. */
export interface Unavailability {
  /** CamelCase reason for the conditions. */
  readonly reason: ConditionReason;
  readonly message: string;
  /** Whether retrying cannot help. */
  readonly terminal?: boolean;
}

/** Whether a destination can be used, and what distinguishes it from others. */
export interface Availability {
  /** Identifies the destination: the same object key at two destinations means two objects. */
  readonly id: string;
  /** URL of the API server of a remote cluster. Undefined for the local cluster, and for other destinations. */
  readonly server?: string | undefined;
  /** Whether the first connection is still being established. Its apps are enqueued when the result is known. */
  connecting(): boolean;
  /** Why apps can neither be observed nor written; undefined if they can. */
  unavailability(): Unavailability | undefined;
  /** Describes missing features of the destination and their consequences, for users; empty if none is missing. */
  limits(): readonly string[];
}

/** What a renderer may ask about the kinds of a destination. Sends no request. */
export interface KindFacts {
  /** Returns the scope of a kind; undefined if the kind is not known (yet). */
  scopeOf(kind: GroupVersionKind): "Namespaced" | "Cluster" | undefined;
  /** Whether a kind has a status subresource, which documents must not set. */
  hasStatus(kind: GroupVersionKind): boolean;
  /** Returns what charts may query about the cluster; undefined if the destination is not a cluster or not known yet. */
  clusterFacts?(): ClusterFacts | undefined;
}

/** Live state: from watches where possible. */
export interface Observing {
  /**
   * Discovers and watches kinds; resolves when each is watched or has failed. With an app, computes the health of its objects again if
   * the app changed the expressions for it.
   */
  prepare(kinds: readonly GroupVersionKind[], app?: AppRef): Promise<readonly KindStatus[]>;
  /** Returns all objects of an app from the watches, without requests. */
  observe(target: Target, kinds: readonly GroupVersionKind[]): Observation;
  /** Returns the hash of a document as recorded on its live object. */
  recordedHash(document: Document): string;
  /**
   * Explains why objects are not healthy by related objects (`ObjectHealth.lookup`), by object key. Sends requests. Skips what
   * cannot be read.
   */
  healthReasons(objects: readonly LiveObject[]): Promise<ReadonlyMap<ObjectKey, string>>;
  /** Explains why an object is still being deleted: `held by finalizer example.com/hold`. */
  deletionHolders(target: Target, live: LiveObject): Promise<string>;
  /** Names an object in a namespace that does not belong to this app; undefined if there is none. */
  namespaceHolds(app: AppRef, namespace: string): Promise<string | undefined>;
}

/** Changes by a Change: previewed, then written, deletions last. */
export interface Applying {
  /**
   * Dry-runs each write. Writes nothing. Throws when `signal` aborts. `others`: accepted writes of the same Change that are still
   * pending.
   */
  preview(
    target: Target,
    writes: readonly WriteAction[],
    all: readonly Document[],
    signal: AbortSignal,
    others?: readonly WriteAction[],
  ): Promise<Preview>;
  /** Makes one previewed write. */
  write(target: Target, write: PreviewedWrite): Promise<Outcome>;
  /** Deletes the object of a permit, if it is still in the permit's state. */
  remove(target: Target, permit: DeletePermit): Promise<Outcome>;
}

/** Drift of live objects from the documents that were applied. */
export interface Healing {
  /** Verifies whether and how a live object differs from its document, for apps without self-heal. Writes nothing. */
  verify(target: Target, action: HealAction): Promise<Verdict>;
  /**
   * Describes which field managers own fields that the document sets, or added some: `kubectl-edit: .spec.replicas`. `times`:
   * with the times of additions.
   */
  describeDrift(target: Target, action: HealAction, times?: boolean): string | undefined;
  /** Re-applies a document. `wrote` in the result tells whether the object had changed. */
  heal(target: Target, action: HealAction): Promise<Outcome>;
}

/** Who owns an object. None of these changes what the object does. */
export interface OwnershipChanges {
  /** Whether an app's identity may write an object. Throws if the check fails. */
  mayWrite(target: Target, live: LiveObject): Promise<boolean>;
  /** Transfers an object to another app without deleting it. */
  handOver(target: Target, live: LiveObject, to: AppRef): Promise<Outcome>;
  /** Removes the ownership metadata from an object that outlives its app. */
  release(target: Target, live: LiveObject): Promise<Outcome>;
}

/**
 * The interface between the engine and a place where apps run. All operations are idempotent, so they can be repeated after a
 * crash. `test/support/destination-contract.ts` holds every implementation to what the engine relies on.
 */
export interface Destination extends Availability, KindFacts, Observing, Applying, Healing, OwnershipChanges {}
