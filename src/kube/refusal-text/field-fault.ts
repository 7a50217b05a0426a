import type { FieldPath } from "../../manifest/field-path.js";

/** A fault that the API server reports for one field of a submitted object. */
export interface FieldFault {
  /** Path within the object; undefined if the server names no existing field. */
  readonly path: FieldPath | undefined;
  /** The field for messages, or empty. */
  readonly field: string;
  /** Cause and remedy, without the field. */
  readonly message: string;
  /** Whether the document is invalid by itself, independent of the cluster's state. */
  readonly ofDocument: boolean;
  /** Whether the field is immutable after creation. */
  readonly unchangeable: boolean;
  /** For a schema fault: a valid value, used to find further faults. Undefined removes the field. */
  readonly fitting?: unknown;
}
