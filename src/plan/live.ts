import type { HealthStatus } from "../api/overseer-app.js";
import type { ObjectId, ObjectKey } from "../manifest/object-id.js";

/** Identifies an app. */
export interface AppRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Returns `namespace/name` of an app. */
export function appKey(app: Pick<AppRef, "namespace" | "name">): string {
  return `${app.namespace}/${app.name}`;
}

/** Recorded hash of an object that another app has handed over, until the new owner has applied its own document. */
export const HANDED_OVER = "transferred";

/** Where to look up more about an object's health: its pods, by selector, or its StorageClass. */
export type HealthLookup = { readonly pods: string } | { readonly storageClass: string };

/** Health of one object, with the reason if it is unhealthy. */
export interface ObjectHealth {
  readonly status: HealthStatus;
  readonly message?: string;
  /** Waiting cannot help: a user has to change something. */
  readonly final?: boolean;
  /** Its result, if it has run to completion. */
  readonly ended?: "Succeeded" | "Failed";
  /** Qualifies a healthy object in one word: `simulated`. */
  readonly remark?: string;
  /** Set while other objects may explain why it is unhealthy, or reveal that it only looks healthy. */
  readonly lookup?: HealthLookup;
}

/**
 * Proof that an object belongs to an app:
 * - `Owned`: labels, identity and the app's managedFields entry all match;
 * - `Claimed`: labels and identity match, but the entry is missing (restored, wiped, too large): owned again if desired, never
 *   deleted;
 * - `Foreign`: it has the app's labels, but the identity of another object or app (a copy, a child): ignored.
 */
export type Ownership = "Owned" | "Claimed" | "Foreign";

/** An ongoing deletion of an object. */
export interface Deletion {
  /** Start time, as a timestamp of the destination. */
  readonly since: string;
  /** Finalizers that block the deletion. */
  readonly finalizers: readonly string[];
}

/** Result of an object that runs to completion and is deleted after its time to live. */
export interface Finished {
  readonly result: "Succeeded" | "Failed";
  /** When its time to live expires, as a timestamp, if known. */
  readonly expires?: string;
}

/** A deleted object that had completed when last seen. */
export interface EndedObject {
  readonly documentHash: string | undefined;
  readonly finished: Finished;
}

/** The part of an object at the destination that planning needs. */
export interface LiveObject {
  readonly id: ObjectId;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ownership: Ownership;
  /** Hash of the last applied document, as recorded on the object. */
  readonly documentHash: string | undefined;
  /** Unfinished part of the last apply, as text: `version 5 was never deployed`. Implies that `documentHash` is unset. */
  readonly unfinished?: string;
  /** Whether it matches the last apply. `Unverified` after an event that may have changed it. */
  readonly state: "AsApplied" | "Drifted" | "Unverified";
  /** Another deployment tool has fields on it, which the app takes over. */
  readonly tool?: boolean;
  /** The destination has no record of the applied fields: ownership rests on labels and identity, and only a verification detects drift. */
  readonly untracked?: boolean;
  /** What others added that is reported and kept, with field managers and times, as text. */
  readonly additions?: string;
  readonly deleting: boolean;
  /** Its ongoing deletion; unset until the destination reports it. */
  readonly deletion?: Deletion;
  /** Annotations and labels that protect the object from deletion, live or in the last applied document, as `key: value`. */
  readonly keepAnnotations?: readonly string[];
  /** A user has confirmed the deletion on the object itself, which overrides protection by annotation or kind. */
  readonly deletionConfirmed?: boolean;
  /** A user has disabled its reconciliation. */
  readonly paused?: boolean;
  /** Its deletion deletes its volume claims too. */
  readonly deletesVolumes?: boolean;
  readonly health: ObjectHealth;
  /** UID of the Change and phase that it was created for as a hook; unset for other objects. */
  readonly hook?: string;
  /** It is deleted when everything else is healthy, by its annotation. */
  readonly pruneLast?: boolean;
  /** Its wave by its annotations; unset for wave 0. */
  readonly wave?: number;
  /** Set once it has run to completion. */
  readonly finished?: Finished;
}

/** A kind whose objects cannot be listed, with the reason. */
export interface UnlistedKind {
  readonly group: string;
  readonly kind: string;
  readonly message: string;
}

/** All objects of an app at a destination, as observed. */
export interface Observation {
  /** False while a list is missing: absent objects may exist then, and nothing is deleted. */
  readonly complete: boolean;
  /** Why it is incomplete. */
  readonly incomplete: string | undefined;
  /** Kinds that cannot be listed, at destinations with kinds. */
  readonly unlisted?: readonly UnlistedKind[];
  readonly objects: ReadonlyMap<ObjectKey, LiveObject>;
  /** Objects of hooks, which are not in `objects`. Unset if there are none. */
  readonly hooks?: ReadonlyMap<ObjectKey, LiveObject>;
  /** Apps of a Core without a current backup, each with the cause. Unset if there are none. */
  readonly backups?: readonly string[];
  /** Deleted objects that had completed. */
  readonly ended?: ReadonlyMap<ObjectKey, EndedObject>;
}
