import { type FieldSteps, leavesOf } from "../../../kube/fields/field-sets.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import type { KubeObject } from "../../../manifest/document.js";
import { follow } from "./follow-step.js";

/** Fields of one object that are compared: as many as an object that can be applied may have. */
const MAX_FIELDS = 20_000;

/**
 * The books of an object with what is booked at versions that its definition has no more booked at another one: so everybody
 * keeps what is his, and what leaves Git vanishes. The API server would forget all books with the next plain write.
 */
export function migratedManagedFields(
  metadata: LiveMetadata,
  isRemoved: (apiVersion: string) => boolean,
  apiVersion: string,
): readonly ManagedFieldsEntry[] {
  const gone = ({ apiVersion: entryVersion = apiVersion }: ManagedFieldsEntry): boolean => isRemoved(entryVersion);
  return (metadata.managedFields ?? []).map((entry) => (gone(entry) ? { ...entry, apiVersion } : entry));
}

/** Where a document has nothing although an entry holds something there: what applying it removes. Metadata aside. */
export function missingSteps(fields: FieldsV1, document: KubeObject): FieldSteps[] {
  const { "f:metadata": _, ...rest } = fields;
  const found = new Map<string, FieldSteps>();
  for (const leaf of leavesOf(rest, MAX_FIELDS)) {
    const steps = missingPart(leaf, document);
    if (steps) found.set(steps.join("\n"), steps);
  }
  return [...found.values()];
}

/** The first part of a path that leads nowhere. */
function missingPart(steps: FieldSteps, document: KubeObject): FieldSteps | undefined {
  let value: unknown = document;
  for (const [index, step] of steps.entries()) {
    value = follow(step, value);
    if (value === undefined) return steps.slice(0, index + 1);
  }
  return undefined;
}
