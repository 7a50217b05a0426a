import { fieldPaths } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../kube/object.js";
import { listPaths } from "../../../manifest/list-paths.js";
import { type AddedFields, missingIn } from "../ownership/added-fields.js";
import { isMain } from "../ownership/field-managers.js";
import { follow } from "../ownership/follow-step.js";

const MAX_WALK = 500;
const UNKNOWN = "unknown field manager";

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
    missingIn(Object.fromEntries(Object.entries(fields).filter(([step]) => roots.includes(step))), document),
  );
}

/**
 * Describes what field managers added: `kubectl-edit added .data.x`. `times`: when they wrote last. Leaves out what `document`
 * sets: such fields were not added, but changed. Undefined if nothing is left.
 */
export function describeAdded(
  added: readonly AddedFields[],
  { times = false, document }: { readonly times?: boolean; readonly document?: unknown } = {},
): string | undefined {
  const notes = added.flatMap(({ manager, time, fields }) => {
    const paths = fieldPaths(document === undefined ? fields : missingIn(fields, document), MAX_WALK);
    const at = times && time !== undefined ? ` (${time})` : "";
    return paths.length === 0 ? [] : [`${manager || UNKNOWN} added ${listPaths(paths)}${at}`];
  });
  return notes.length === 0 ? undefined : notes.join("; ");
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
    const by = entry.subresource ? ` (by /${entry.subresource})` : "";
    notes.push(`${entry.manager ?? UNKNOWN}${by}${verb}${listPaths(paths)}`);
  }
  return notes.length === 0 ? undefined : notes.join("; ");
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
