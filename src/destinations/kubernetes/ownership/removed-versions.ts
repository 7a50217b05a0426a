import { type FieldSteps, leavesOf } from "../../../kube/fields/field-sets.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import type { KubeObject } from "../../../manifest/document.js";
import { follow } from "./follow-step.js";

/** Limit of compared fields: as many as an object that can be applied may have. */
const MAX_FIELDS = 20_000;

/**
 * Moves managedFields entries from removed API versions to a served one, so that all managers keep their fields and fields
 * removed from Git are pruned. Otherwise the API server would drop all managedFields with the next update.
 */
export function migratedManagedFields(
  metadata: LiveMetadata,
  isRemoved: (apiVersion: string) => boolean,
  apiVersion: string,
): readonly ManagedFieldsEntry[] {
  return (metadata.managedFields ?? []).map((entry) =>
    isRemoved(entry.apiVersion ?? apiVersion) ? { ...entry, apiVersion } : entry,
  );
}

/** Returns the paths that an entry owns and the document lacks, which applying it removes. Ignores metadata. */
export function missingSteps(fields: FieldsV1, document: KubeObject): FieldSteps[] {
  const { "f:metadata": _, ...content } = fields;
  const found = new Map<string, FieldSteps>();
  for (const leaf of leavesOf(content, MAX_FIELDS)) {
    const steps = missingPart(leaf, document);
    if (steps) found.set(steps.join("\n"), steps);
  }
  return [...found.values()];
}

/** Returns the shortest prefix of a path that is missing in the document. */
function missingPart(steps: FieldSteps, document: KubeObject): FieldSteps | undefined {
  let value: unknown = document;
  for (const [index, step] of steps.entries()) {
    value = follow(step, value);
    if (value === undefined) return steps.slice(0, index + 1);
  }
  return undefined;
}
