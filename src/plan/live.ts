import type { HealthStatus } from "../api/overseer-app.js";
import type { ObjectId, ObjectKey } from "../manifest/object-id.js";

/** An app, as destinations and plans name it. */
export interface AppRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `namespace/name` of an app. */
export function appKey(app: Pick<AppRef, "namespace" | "name">): string {
  return `${app.namespace}/${app.name}`;
}

/** Where more can be learned of an object's health than the object itself says: its pods, by selector, or its StorageClass. */
export type HealthLookup = { readonly pods: string } | { readonly storageClass: string };

/** Health of one object, and why it is not healthy. */
export interface ObjectHealth {
  readonly status: HealthStatus;
  readonly message?: string;
  /** Waiting does not make it better: somebody has to change something. */
  readonly final?: boolean;
  /** What a healthy object is not to be mistaken for, in one word: `simulated`. */
  readonly remark?: string;
  /** Set while other objects may say why it is not healthy, or that it only looks healthy. */
  readonly lookup?: HealthLookup;
}

/**
 * How sure it is that an object is the app's:
 * - `Owned`: labels, identity and our field manager's entry all say so;
 * - `Claimed`: labels and identity say so, the entry is gone (restored, wiped, too large): taken again if Git wants it, never deleted;
 * - `Foreign`: it carries our labels, but names another object or app (a copy, a child): none of our business.
 */
export type Ownership = "Owned" | "Claimed" | "Foreign";

/** The deletion of an object that is under way, as the destination shows it. */
export interface Deletion {
  /** When it began, as a timestamp of the destination. */
  readonly since: string;
  /** Who has something to do before the object may go. */
  readonly finalizers: readonly string[];
}

/** How an object that runs to an end has ended, and is deleted by its own time to live. */
export interface Finished {
  readonly result: "Succeeded" | "Failed";
  /** When its time to live is over, as a timestamp; absent where the destination does not say. */
  readonly expires?: string;
}

/** An object that had ended when it was last seen, and is gone. */
export interface EndedObject {
  readonly documentHash: string | undefined;
  readonly finished: Finished;
}

/** An object at the destination, as far as planning needs to know it. */
export interface LiveObject {
  readonly id: ObjectId;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ownership: Ownership;
  /** Hash of the document that we applied last, as the object itself says. */
  readonly documentHash: string | undefined;
  /** What is left to do of the last apply, for people: `version 5 was never deployed`. Then there is no `documentHash`. */
  readonly unfinished?: string;
  /** Whether it is as we left it; `Unverified` means that something happened that may have changed it. */
  readonly state: "AsApplied" | "Drifted" | "Unverified";
  /** The destination keeps no record of what we set: the object is ours by its marks alone, and a look is the only way to see drift. */
  readonly untracked?: boolean;
  readonly deleting: boolean;
  /** How its deletion stands; absent until the destination has shown it. */
  readonly deletion?: Deletion;
  /** Marks that keep the object, on it now or in the document that was applied last, as `key: value`; see `keepAnnotations`. */
  readonly keepAnnotations?: readonly string[];
  /** A person has confirmed, on the object itself, that it may be deleted: no mark or kind of it speaks against that. */
  readonly deletionConfirmed?: boolean;
  /** A person has asked to leave it as it is. */
  readonly paused?: boolean;
  readonly health: ObjectHealth;
  /** It has run to its end, and need not stay. */
  readonly finished?: Finished;
}

/** A kind whose objects cannot be seen, and why. */
export interface UnlistedKind {
  readonly group: string;
  readonly kind: string;
  readonly message: string;
}

/** All objects of an app at a destination. */
export interface Observation {
  /** False while a list is missing: then nothing that is absent counts as gone, and nothing is deleted. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly incomplete: string | undefined;
  /** The kinds that cannot be seen, where the destination knows kinds. */
  readonly unlisted?: readonly UnlistedKind[];
  readonly objects: ReadonlyMap<ObjectKey, LiveObject>;
  /** Objects that were seen to end, and are gone. */
  readonly ended?: ReadonlyMap<ObjectKey, EndedObject>;
}
