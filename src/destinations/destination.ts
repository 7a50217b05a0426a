import type { FieldChange } from "../api/change.js";
import type { Document } from "../manifest/document.js";
import type { GroupVersionKind, ObjectKey } from "../manifest/object-id.js";
import type { HealAction, Preview, PreviewedWrite, WriteAction } from "../plan/actions.js";
import type { AppRef, LiveObject, Observation } from "../plan/live.js";
import type { DeletePermit } from "../plan/prune-guard.js";
import type { ClusterFacts } from "../render/request.js";

/** An app at a destination, and with whose rights it writes. */
export interface Target {
  readonly app: AppRef;
  /** ServiceAccount in the app's namespace; undefined: the operator's own rights. */
  readonly serviceAccountName: string | undefined;
  /** What may be taken over of objects that exist already. */
  readonly adopt: "Unowned" | "Always" | "Never";
}

/** How one write or delete went. */
export type Outcome =
  | { readonly ok: true; readonly wrote: boolean; readonly notes: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly retryable: boolean; readonly retryAfterMs?: number };

/** What a look at a live object found. */
export interface Verdict {
  readonly drifted: boolean;
  readonly diff: readonly FieldChange[];
  /** Why it could not be looked at. */
  readonly problem?: string;
}

/** What stands in the way of a kind. */
export interface KindStatus {
  readonly kind: GroupVersionKind;
  /** Undefined: the destination has it. */
  readonly problem: string | undefined;
}

/** Why a destination cannot be worked with at all right now. */
export interface Unavailability {
  /** CamelCase reason for the conditions. */
  readonly reason: string;
  readonly message: string;
  /** Whether it stays until somebody changes something. */
  readonly terminal?: boolean;
}

/**
 * The seam between the engine and a place where apps live. Everything here may be called again after a crash and ends in
 * the same state.
 */
export interface Destination {
  /** Tells destinations apart: the same object key at two of them is two objects. */
  readonly id: string;
  /** Whether the destination has been asked for the first time a moment ago: it wakes its apps as soon as it knows more. */
  connecting(): boolean;
  /** What keeps the app from being looked at and written; undefined: nothing. */
  unavailability(): Unavailability | undefined;
  /** What the destination lacks, and what is done instead, for people; empty where it lacks nothing. */
  limits(): readonly string[];
  /** How a document's hash is recorded on its live object. */
  recordedHash(document: Document): string;
  /** Whether documents of a kind belong to a namespace; undefined for a kind that is not known (yet). */
  scopeOf(kind: GroupVersionKind): "Namespaced" | "Cluster" | undefined;
  /** Whether a kind has a status of its own that a document must not set. */
  hasStatus(kind: GroupVersionKind): boolean;
  /** What charts may ask of the cluster; undefined where the destination is none, or not known yet. */
  clusterFacts?(): ClusterFacts | undefined;
  /** Makes sure that kinds are known and observed; resolves when each is, or cannot be. */
  prepare(kinds: readonly GroupVersionKind[]): Promise<readonly KindStatus[]>;
  /** All objects of an app, from what is observed: no request. */
  observe(app: AppRef, kinds: readonly GroupVersionKind[]): Observation;
  /**
   * Asks the destination what it would do with each write. Writes nothing. Ends with an error when `signal` aborts. `others`:
   * writes of the same Change that were accepted and are still to be made.
   */
  preview(
    target: Target,
    writes: readonly WriteAction[],
    all: readonly Document[],
    signal: AbortSignal,
    others?: readonly WriteAction[],
  ): Promise<Preview>;
  /** Makes one write that was previewed. */
  write(target: Target, write: PreviewedWrite): Promise<Outcome>;
  /** Whether a live object really differs from its document, and in what; for apps that do not heal. Writes nothing. */
  verify(target: Target, action: HealAction): Promise<Verdict>;
  /** Who holds fields that the document sets, for people: `kubectl-edit: .spec.replicas`. */
  describeDrift(action: HealAction): string | undefined;
  /** Applies a document again as it is. `wrote` tells whether something had really changed. */
  heal(target: Target, action: HealAction): Promise<Outcome>;
  /** Deletes the object of a permit, if it still is in the permit's state. */
  remove(target: Target, permit: DeletePermit): Promise<Outcome>;
  /**
   * Why objects are not healthy, as far as other objects at the destination say it (`ObjectHealth.lookup`), by object key. Costs
   * requests. What cannot be found out is left out.
   */
  healthReasons(objects: readonly LiveObject[]): Promise<ReadonlyMap<ObjectKey, string>>;
  /** What keeps an object that is being deleted, for people: `held by finalizer example.com/hold`. */
  deletionHolders(target: Target, live: LiveObject): Promise<string>;
  /** Takes the marks of the app off an object that stays when the app goes. */
  release(target: Target, live: LiveObject): Promise<Outcome>;
  /** Whether an app may write an object with its rights. Throws when that cannot be found out. */
  mayWrite(target: Target, live: LiveObject): Promise<boolean>;
  /** Makes an object another app's: it keeps running and nothing is deleted. */
  handOver(target: Target, live: LiveObject, to: AppRef): Promise<Outcome>;
  /** What a namespace holds that is not this app's, for people; undefined if nothing. */
  namespaceHolds(app: AppRef, namespace: string): Promise<string | undefined>;
}
