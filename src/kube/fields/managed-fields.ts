import { canonicalJson, sha256 } from "../../base/hash.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../object.js";

/** Returns the Apply entry of `manager` on the main resource; undefined if there is none. */
export function applyEntry(metadata: LiveMetadata, manager: string): ManagedFieldsEntry | undefined {
  return metadata.managedFields?.find(
    (entry) => entry.manager === manager && entry.operation === "Apply" && (entry.subresource ?? "") === "",
  );
}

/**
 * Returns a hash of the fields that an entry owns, as 16 hex digits. The API server removes a field from an entry when another
 * writer changes it, so an equal hash means that no other writer has changed the owned fields. The hash includes the API version:
 * the same fields at another version are a different entry.
 */
export function fieldsHash(entry: ManagedFieldsEntry): string {
  return sha256(canonicalJson([entry.apiVersion ?? "", entry.fieldsV1 ?? {}]), 16);
}

/** Formats up to `limit` leaf paths of a field set for messages: `.spec.template.spec.containers[web].image`. */
export function fieldPaths(fields: FieldsV1, limit: number): string[] {
  const paths: string[] = [];
  const walk = (node: FieldsV1, path: string): void => {
    const steps = Object.keys(node).filter((step) => step !== ".");
    if (steps.length === 0 && path !== "") paths.push(path);
    for (const step of steps) {
      if (paths.length >= limit) return;
      walk(node[step] ?? {}, path + renderStep(step));
    }
  };
  walk(fields, "");
  return paths;
}

function renderStep(step: string): string {
  const value = step.slice(2);
  if (step.startsWith("f:")) return /^[A-Za-z_][\w-]*$/.test(value) ? `.${value}` : `[${JSON.stringify(value)}]`;
  if (step.startsWith("k:")) return `[${renderKey(value)}]`;
  return `[${value}]`;
}

function renderKey(json: string): string {
  try {
    const key = JSON.parse(json) as Record<string, unknown>;
    return Object.values(key).map(String).join(",");
  } catch {
    return json;
  }
}

/** Returns whether `fields` and `other` have a common leaf: both writers set the same field. */
export function overlaps(fields: FieldsV1, other: FieldsV1): boolean {
  const steps = Object.keys(fields).filter((step) => step !== ".");
  if (steps.length === 0) return true;
  return steps.some((step) => {
    const child = fields[step];
    const counterpart = other[step];
    return child !== undefined && counterpart !== undefined && overlaps(child, counterpart);
  });
}

/** Returns the intersection of two field sets. */
export function intersect(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  const common: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    const counterpart = other[step];
    if (counterpart !== undefined) common[step] = intersect(child, counterpart);
  }
  return common;
}

/** Returns the union of two field sets. */
export function union(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  const all: Record<string, FieldsV1> = { ...fields };
  for (const [step, child] of Object.entries(other)) {
    const existing = all[step];
    all[step] = existing === undefined ? child : union(existing, child);
  }
  return all;
}
