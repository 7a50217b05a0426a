import type { Inputs } from "../../api/inputs.js";
import type { Document } from "../../manifest/document.js";
import type { GroupVersionKind, ObjectKey } from "../../manifest/object-id.js";
import type { Note } from "../../render/request.js";

/** A kind, and where its objects were found to belong when they were rendered. */
export interface RenderedKind extends GroupVersionKind {
  readonly scope?: "Namespaced" | "Cluster" | undefined;
}

/** The documents of one set of inputs. */
export interface Rendered {
  readonly inputs: Inputs;
  readonly documents: readonly Document[];
  readonly kinds: readonly RenderedKind[];
  /** Why there is no document; undefined where there is one. */
  readonly nothing?: string | undefined;
  /** Why objects may be missing that the source still wants: nothing is pruned. */
  readonly unread?: string | undefined;
  /** Documents that are not applied: what is live of them is neither written nor deleted. */
  readonly skipped?: ReadonlySet<ObjectKey> | undefined;
  /** What people should know of the source; sorted. */
  readonly notes: readonly Note[];
  /** Number of further notes that were not kept. */
  readonly notesOmitted: number;
}
