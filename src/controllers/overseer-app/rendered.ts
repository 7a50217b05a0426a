import type { Inputs } from "../../api/inputs.js";
import type { Document } from "../../manifest/document.js";
import type { Hook } from "../../manifest/hook.js";
import type { GroupVersionKind, ObjectKey } from "../../manifest/object-id.js";
import type { Note } from "../../render/request.js";

/** A kind, with the scope of its objects at the time of the render. */
export interface RenderedKind extends GroupVersionKind {
  readonly scope?: "Namespaced" | "Cluster" | undefined;
}

/** The documents of one set of inputs. */
export interface Rendered {
  readonly inputs: Inputs;
  readonly documents: readonly Document[];
  readonly kinds: readonly RenderedKind[];
  /** The namespace of the app, if the operator creates it. It is not part of `documents`, since it does not belong to the app. */
  readonly namespace?: Document | undefined;
  /** Documents that run as hooks. They are not part of `documents`. */
  readonly hooks?: readonly Hook[] | undefined;
  /** Why there are no documents, if so. */
  readonly nothing?: string | undefined;
  /** Why desired objects may be missing from the documents; nothing is pruned then. */
  readonly unread?: string | undefined;
  /** Documents that are not applied: their live objects are neither written nor deleted. */
  readonly skipped?: ReadonlySet<ObjectKey> | undefined;
  /** Notes for users about the source; sorted. */
  readonly notes: readonly Note[];
  /** Number of further notes that were dropped. */
  readonly notesOmitted: number;
}

/** Returns everything that inputs run: the documents, and those of hooks. */
export function documentsWithHooks({
  documents,
  hooks = [],
}: Pick<Rendered, "documents" | "hooks">): readonly Document[] {
  return [...documents, ...hooks.map(({ document }) => document)];
}
