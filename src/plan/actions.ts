import type { FieldChange } from "../api/change.js";
import type { Document, FieldPlace, Origin } from "../manifest/document.js";
import type { FieldPath } from "../manifest/field-path.js";
import type { ObjectKey } from "../manifest/object-id.js";
import type { LiveObject } from "./live.js";

/** A document that has to be written. */
export interface WriteAction {
  readonly verb: "Create" | "Update";
  readonly document: Document;
  readonly live: LiveObject | undefined;
}

/** A document whose live object has drifted, or may have: applied again as it is. */
export interface HealAction {
  readonly document: Document;
  readonly live: LiveObject;
}

/** A live object that is left as it is, whatever its document says. */
export interface PausedObject extends HealAction {
  /** Whether it is not as its document says. */
  readonly behind: boolean;
}

/** What a set of documents means for what is live. */
export interface Difference {
  readonly writes: readonly WriteAction[];
  readonly heals: readonly HealAction[];
  /** Live objects that no document wants. */
  readonly pruneCandidates: readonly LiveObject[];
  /** Wanted objects that a person has asked to leave as they are. */
  readonly paused: readonly PausedObject[];
  /** Wanted objects that are being deleted: they are made again once they are gone. */
  readonly terminating: readonly LiveObject[];
}

/** A write that the destination has looked at. */
export interface PreviewedWrite {
  readonly action: WriteAction;
  /** Create, Update, or Adopt where an object that nobody of us made is taken over. */
  readonly verb: "Create" | "Update" | "Adopt";
  /** What is written over the document: known only to the destination that made it. */
  readonly stamp: string;
  readonly reason: string | undefined;
  readonly diff: readonly FieldChange[];
  readonly warnings: readonly string[];
}

/** One thing that is wrong with a document. */
export interface DocumentFault {
  /** The field; empty: the document as a whole. */
  readonly path: FieldPath;
  /** Where the value begins that `path` leads into, if that is not the document. */
  readonly origin?: Origin;
  /** The field, what is wrong with it and what to do. Never a secret value. */
  readonly message: string;
}

/** A write that the destination refused, or that it cannot judge yet. */
export interface RefusedWrite {
  readonly action: WriteAction;
  readonly message: string;
  /** What is wrong with single fields, in a stable order; empty or left out when the message is about something else. */
  readonly faults?: readonly DocumentFault[];
  /** Whether nothing but another document can help. Then it is not tried again by itself. */
  readonly ofDocument?: boolean;
  /** Whether trying again can help without a change of the document: connection, quota, throttling. */
  readonly retryable: boolean;
  /** `namespace/name` of the app that owns the object, where nothing but that is in the way. */
  readonly owner?: string | undefined;
}

/** A write that the destination refuses now, and may accept once others of the same Change are made. */
export interface DeferredWrite {
  readonly action: WriteAction;
  /** What the destination says now. */
  readonly message: string;
  /** The writes that may make it possible; empty: those are made, and the destination has not taken them in yet. */
  readonly liftedBy: readonly ObjectKey[];
}

/** Something that a document refers to, that the destination lacks and that somebody has to bring. */
export interface MissingReference {
  readonly action: WriteAction;
  /** What it is, and how it comes: `secret db-host (store it in the Core)`. Never a value. */
  readonly what: string;
  /** Where it is named, if that is known more exactly than the document. */
  readonly place?: FieldPlace;
}

/** What the destination says of all writes before the first one. */
export interface Preview {
  readonly accepted: readonly PreviewedWrite[];
  readonly refused: readonly RefusedWrite[];
  /** Writes that need something that this very Change makes: judged again when that is there. */
  readonly deferred: readonly DeferredWrite[];
  /** What accepted writes need that is not there: the whole Change waits for it. */
  readonly missing: readonly MissingReference[];
}
