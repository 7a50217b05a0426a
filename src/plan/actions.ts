import type { FieldChange } from "../api/change.js";
import type { Document, FieldPlace, Origin } from "../manifest/document.js";
import type { FieldPath } from "../manifest/field-path.js";
import type { ObjectKey } from "../manifest/object-id.js";
import type { LiveObject } from "./live.js";
import type { DeletePermit } from "./prune-guard.js";

/** A write of a document that is missing or outdated at the destination. */
export interface WriteAction {
  readonly verb: "Create" | "Update";
  readonly document: Document;
  readonly live: LiveObject | undefined;
}

/** A document to apply again because its live object has or may have drifted. */
export interface HealAction {
  readonly document: Document;
  readonly live: LiveObject;
}

/** A live object whose reconciliation is disabled. */
export interface PausedObject extends HealAction {
  /** Whether it differs from its document. */
  readonly behind: boolean;
}

/** Difference between a set of documents and the live objects. */
export interface Difference {
  readonly writes: readonly WriteAction[];
  readonly heals: readonly HealAction[];
  /** Live objects without a document. */
  readonly pruneCandidates: readonly LiveObject[];
  /** Desired objects whose reconciliation a user has disabled. */
  readonly paused: readonly PausedObject[];
  /** Desired objects that are being deleted; re-created once they are gone. */
  readonly terminating: readonly LiveObject[];
}

/** A write that the destination accepts. */
export interface PreviewedWrite {
  readonly action: WriteAction;
  /** Create, Update, Adopt for an existing object that no app owns, or Recreate for one that cannot be changed. */
  readonly verb: "Create" | "Update" | "Adopt" | "Recreate";
  /** Data that the destination adds to the document; opaque to others. */
  readonly stamp: string;
  /** UID of the object that is adopted; only with verb Adopt. */
  readonly adopts?: string | undefined;
  /** Permission to delete the object first; only with verb Recreate. */
  readonly permit?: DeletePermit | undefined;
  readonly reason: string | undefined;
  readonly diff: readonly FieldChange[];
  readonly warnings: readonly string[];
}

/** One fault of a document. */
export interface DocumentFault {
  /** The field; empty for the whole document. */
  readonly path: FieldPath;
  /** Origin of the value that `path` refers to, if it is not the document. */
  readonly origin?: Origin;
  /** Names the field, the fault and the remedy. Never contains a secret value. */
  readonly message: string;
}

/** A write that the destination refused. */
export interface RefusedWrite {
  readonly action: WriteAction;
  readonly message: string;
  /** Faults of single fields, in a stable order. Empty or unset if the message is about something else. */
  readonly faults?: readonly DocumentFault[];
  /** Whether only a change of the document can help. Such writes are not retried. */
  readonly ofDocument?: boolean;
  /** Whether a retry can help without a change of the document: connection, quota, throttling. */
  readonly retryable: boolean;
  /** `namespace/name` of the app that owns the object, if that is the only cause. */
  readonly owner?: string | undefined;
}

/** A write that the destination refuses now, and may accept after other writes of the same Change. */
export interface DeferredWrite {
  readonly action: WriteAction;
  /** The current message of the destination. */
  readonly message: string;
  /** Keys of the writes that may lift the refusal; empty if they are done but not yet observed by the destination. */
  readonly liftedBy: readonly ObjectKey[];
}

/** A reference of a document to something that does not exist at the destination and that a user has to provide. */
export interface MissingReference {
  readonly action: WriteAction;
  /** The missing item and the remedy: `secret db-host (store it in the Core)`. Never a value. */
  readonly what: string;
  /** Place of the reference, if known more precisely than the document. */
  readonly place?: FieldPlace;
}

/** The destination's verdict on all writes before the first one. */
export interface Preview {
  readonly accepted: readonly PreviewedWrite[];
  readonly refused: readonly RefusedWrite[];
  /** Writes that depend on other writes of the same Change; previewed again after those. */
  readonly deferred: readonly DeferredWrite[];
  /** Missing references of accepted writes; the whole Change waits for them. */
  readonly missing: readonly MissingReference[];
}
