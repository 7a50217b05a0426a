import { fieldPaths } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../kube/object.js";
import { isMain } from "../ownership/field-managers.js";
import { follow } from "../ownership/follow-step.js";

/** Limit of paths in a message. */
const MAX_PATHS = 5;
const MAX_WALK = 500;

/**
 * Describes which field managers own fields that the document sets, with the paths. The text also identifies a recurring
 * conflict. Undefined if there are none: the fields were removed, or a value was changed without a trace in managedFields.
 */
export function describeWriters(document: unknown, others: readonly ManagedFieldsEntry[]): string | undefined {
  return describe(others, ": ", (fields) => within(fields, document));
}

/** Describes which field managers added fields below `roots` that the document does not set; undefined if there are none. */
export function describeExtras(
  document: unknown,
  others: readonly ManagedFieldsEntry[],
  roots: readonly string[],
): string | undefined {
  return describe(others.filter(isMain), " added ", (fields) =>
    beyond(Object.fromEntries(Object.entries(fields).filter(([step]) => roots.includes(step))), document),
  );
}

function describe(
  others: readonly ManagedFieldsEntry[],
  verb: string,
  part: (fields: FieldsV1) => FieldsV1,
): string | undefined {
  const notes: string[] = [];
  for (const entry of others) {
    if (entry.fieldsV1 === undefined || entry.subresource === "status") continue;
    const paths = fieldPaths(part(entry.fieldsV1), MAX_WALK);
    if (paths.length === 0) continue;
    const shown = paths.slice(0, MAX_PATHS).join(", ");
    const more = paths.length > MAX_PATHS ? ` and ${paths.length - MAX_PATHS} more` : "";
    notes.push(
      `${entry.manager ?? "unknown field manager"}${entry.subresource ? ` (by /${entry.subresource})` : ""}${verb}${shown}${more}`,
    );
  }
  return notes.length === 0 ? undefined : notes.join("; ");
}

/** Returns the part of a field set that is missing in the value. */
function beyond(fields: FieldsV1, value: unknown): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    if (step === ".") continue;
    const found = follow(step, value);
    const deeper = found === undefined ? child : beyond(child, found);
    if (found === undefined || Object.keys(deeper).length > 0) result[step] = deeper;
  }
  return result;
}

/** Returns the part of a field set that is present in the value. */
function within(fields: FieldsV1, value: unknown): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    const found = follow(step, value);
    if (found === undefined) continue;
    const deeper = within(child, found);
    const leaf = Object.keys(child).every((name) => name === ".");
    if (leaf || Object.keys(deeper).length > 0) result[step] = deeper;
  }
  return result;
}
