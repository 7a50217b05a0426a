import type { FieldChange } from "../../../api/change.js";
import { isEmpty, subtract } from "../../../kube/fields/field-sets.js";
import { applyEntry, fieldPaths } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import { authoritativeRoots } from "../ownership/authoritative-kinds.js";
import { isHand, isLegacy, isMain } from "../ownership/field-managers.js";

/** Paths named in one note. */
const MAX_PATHS = 5;

/**
 * What becomes of fields that leave Git: they stay when somebody else sets them, too, and fall to their default when nobody
 * does. Read from who owned what before and will own it after. `diff` is what the write changes.
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
      : [`${name}: ${paths.join(", ")} left Git and stays, as ${entry.manager ?? "somebody"} sets it, too`];
  });
  return [...kept, ...defaulted(name, removed, diff)];
}

function defaulted(name: string, removed: FieldsV1, diff: readonly FieldChange[]): string[] {
  const paths = new Set(fieldPaths(removed, 100));
  return diff
    .filter(({ path, to }) => to !== undefined && paths.has(path))
    .slice(0, MAX_PATHS)
    .map(({ path, to }) => `${name}: ${path} left Git, and nobody else sets it: it falls to the default ${to}`);
}

/** Whether what an entry holds outlasts an apply of ours: what people wrote by hand becomes ours first. */
function outlasts(entry: ManagedFieldsEntry, manager: string): boolean {
  return (
    entry.manager !== manager && entry.fieldsV1 !== undefined && !(isMain(entry) && (isHand(entry) || isLegacy(entry)))
  );
}

/** Of strict kinds nothing of others stays. */
function limited(entry: ManagedFieldsEntry, document: Document): FieldsV1 {
  const roots = isMain(entry) ? (authoritativeRoots(document.id) ?? []) : [];
  return Object.fromEntries(Object.entries(entry.fieldsV1 ?? {}).filter(([step]) => !roots.includes(step)));
}

/** The leaves that both sets hold. */
function common(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  return subtract(fields, subtract(fields, other));
}
