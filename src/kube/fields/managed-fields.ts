import { canonicalJson, sha256 } from "../../base/hash.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../object.js";

/** Our Apply entry on the main resource; undefined when the API server has none for `manager`. */
export function applyEntry(metadata: LiveMetadata, manager: string): ManagedFieldsEntry | undefined {
  return metadata.managedFields?.find(
    (entry) => entry.manager === manager && entry.operation === "Apply" && (entry.subresource ?? "") === "",
  );
}

/**
 * What the API server says that an entry owns, as 16 hex digits. The API server takes a field out of our entry when
 * another writer changes it, so an equal hash means that nobody touched what we set. The version is part of it: the
 * same fields at another version are another entry.
 */
export function fieldsHash(entry: ManagedFieldsEntry): string {
  return sha256(canonicalJson([entry.apiVersion ?? "", entry.fieldsV1 ?? {}]), 16);
}

/**
 * The leaf paths of a field set, for people: `.spec.template.spec.containers[web].image`. `limit` bounds the work.
 */
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

/** Whether `fields` and `other` have a leaf in common: the two writers set the same field. */
export function overlaps(fields: FieldsV1, other: FieldsV1): boolean {
  const steps = Object.keys(fields).filter((step) => step !== ".");
  if (steps.length === 0) return true;
  return steps.some((step) => {
    const child = fields[step];
    const counterpart = other[step];
    return child !== undefined && counterpart !== undefined && overlaps(child, counterpart);
  });
}

/** The paths that both sets hold, as a set. */
export function intersect(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  const common: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    const counterpart = other[step];
    if (counterpart !== undefined) common[step] = intersect(child, counterpart);
  }
  return common;
}

/** The union of two field sets. */
export function union(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  const all: Record<string, FieldsV1> = { ...fields };
  for (const [step, child] of Object.entries(other)) {
    const mine = all[step];
    all[step] = mine === undefined ? child : union(mine, child);
  }
  return all;
}
