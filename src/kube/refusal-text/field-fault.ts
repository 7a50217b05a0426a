import type { FieldPath } from "../../manifest/field-path.js";

/** One thing that the API server finds wrong with a field of the object that it was sent. */
export interface FieldFault {
  /** Within the object; undefined where the server names no field that is there. */
  readonly path: FieldPath | undefined;
  /** The field as people write it, or empty. */
  readonly field: string;
  /** What is wrong and what to do, without the field. */
  readonly message: string;
  /** Whether the document alone is at fault, whatever else is in the cluster. */
  readonly ofDocument: boolean;
  /** Whether the field can only be set when the object is made. */
  readonly unchangeable: boolean;
  /** Where the fault is one of the schema: a value that fits it, to find the faults behind this one; undefined: none at all. */
  readonly fitting?: unknown;
}
