import type { FieldChange } from "../../../api/change.js";
import { isEmpty, subtract } from "../../../kube/fields/field-sets.js";
import { applyEntry, fieldPaths } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import { authoritativeRoots } from "../ownership/authoritative-kinds.js";
import { isHand, isLegacy, isMain } from "../ownership/field-managers.js";

/** Limit of paths per note. */
const MAX_PATHS = 5;

/**
 * Returns notes about fields that were removed from Git: they stay if another field manager also sets them, and revert to their
 * default otherwise. Compares field ownership before and after the write. `diff`: what the write changes.
 */
export function removalNotes(
  document: Document,
  manager: string,
  before: LiveMetadata,
  after: LiveMetadata,
  diff: readonly FieldChange[],
): string[] {
  const old = applyEntry(before, manager)?.fieldsV1;
  const now = applyEntry(after, manager)?.fieldsV1;
  if (old === undefined || now === undefined) return [];
  const removed = subtract(old, now);
  if (isEmpty(removed)) return [];
  const name = displayId(document.id);
  const others = (after.managedFields ?? []).filter((entry) => outlasts(entry, manager));
  const kept = others.flatMap((entry) => {
    const paths = fieldPaths(common(removed, limited(entry, document)), MAX_PATHS);
    return paths.length === 0
      ? []
      : [
          `${name}: ${paths.join(", ")}: removed from Git, but kept because ${entry.manager ?? "another field manager"} also sets it`,
        ];
  });
  return [...kept, ...defaulted(name, removed, diff)];
}

function defaulted(name: string, removed: FieldsV1, diff: readonly FieldChange[]): string[] {
  const paths = new Set(fieldPaths(removed, 100));
  return diff
    .filter(({ path, to }) => to !== undefined && paths.has(path))
    .slice(0, MAX_PATHS)
    .map(
      ({ path, to }) =>
        `${name}: ${path}: removed from Git and set by no other field manager: reverts to the default ${to}`,
    );
}

/** Whether the fields of an entry survive the app's apply. Manual kubectl edits do not: the app takes them over first. */
function outlasts(entry: ManagedFieldsEntry, manager: string): boolean {
  return (
    entry.manager !== manager && entry.fieldsV1 !== undefined && !(isMain(entry) && (isHand(entry) || isLegacy(entry)))
  );
}

/** Drops the fields of authoritative kinds, where no foreign field stays. */
function limited(entry: ManagedFieldsEntry, document: Document): FieldsV1 {
  const roots = isMain(entry) ? (authoritativeRoots(document.id) ?? []) : [];
  return Object.fromEntries(Object.entries(entry.fieldsV1 ?? {}).filter(([step]) => !roots.includes(step)));
}

/** Returns the leaves that are in both sets. */
function common(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  return subtract(fields, subtract(fields, other));
}
