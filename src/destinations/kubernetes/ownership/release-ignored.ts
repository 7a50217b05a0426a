import { without } from "../../../kube/fields/field-sets.js";
import { applyEntry } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import type { Document } from "../../../manifest/document.js";
import { stepsAt, stepsOfManagers } from "./ignored-steps.js";

/** Returns the app's entry without the fields that its document ignores; the same entry if it owns none of them. */
export function withoutIgnoredFields(
  entry: ManagedFieldsEntry,
  entries: readonly ManagedFieldsEntry[],
  { ignored, object }: Document,
): ManagedFieldsEntry {
  const { fieldsV1 } = entry;
  if (ignored === undefined || fieldsV1 === undefined) return entry;
  const steps = [
    ...ignored.pointers.flatMap((pointer) => stepsAt(fieldsV1, pointer, object)),
    ...stepsOfManagers(
      entries.filter((other) => other !== entry),
      ignored.managers,
    ),
  ];
  const left = steps.reduce((fields, path) => without(fields, path), fieldsV1);
  return JSON.stringify(left) === JSON.stringify(fieldsV1) ? entry : { ...entry, fieldsV1: left };
}

/**
 * Returns the managedFields in which the app does not own the ignored fields of a document, so that an apply without them leaves
 * their values. Undefined if it owns none.
 */
export function releasedManagedFields(
  metadata: LiveMetadata,
  manager: string,
  document: Document,
): readonly ManagedFieldsEntry[] | undefined {
  const entries = metadata.managedFields ?? [];
  const mine = applyEntry(metadata, manager);
  const left = mine && withoutIgnoredFields(mine, entries, document);
  return left === mine ? undefined : entries.flatMap((entry) => (entry === mine ? (left ?? []) : [entry]));
}
