import { type FieldSteps, isLeaf } from "../../../kube/fields/field-sets.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../kube/object.js";
import type { IgnoredFields, ItemFilter, PathSegment } from "../../../manifest/document.js";
import { selects } from "../../../manifest/ignored/cel-path.js";
import { follow } from "./follow-step.js";

/** Labels and annotations of the operator, which are never ignored. */
const OWN = /^f:gitops\.overseer\.io\//;

/**
 * Returns the steps of a field set to what a JSON pointer names. `value`: the object, to which the indices of the pointer refer;
 * without it, an index stands for every item. Empty if the set does not go as deep as the pointer: it owns the value as a whole.
 */
export function stepsAt(fields: FieldsV1, pointer: readonly PathSegment[], value?: unknown): FieldSteps[] {
  const [segment, ...rest] = pointer;
  if (segment === undefined) return [[]];
  const found: FieldSteps[] = [];
  for (const [step, child] of Object.entries(fields)) {
    if (step === "." || OWN.test(step) || !isNamed(step, segment, value)) continue;
    const next = value === undefined ? undefined : follow(step, value);
    found.push(...stepsAt(child, rest, next).map((steps) => [step, ...steps]));
  }
  return found;
}

function isNamed(step: string, segment: PathSegment, value: unknown): boolean {
  if (segment === "*") return true;
  if (typeof segment === "object") return isSelected(step, segment, value);
  if (step.startsWith("f:")) return step.slice(2) === segment;
  if (!/^(0|[1-9][0-9]*)$/.test(segment)) return false;
  return Array.isArray(value) ? follow(step, value) === value[Number(segment)] : true;
}

/**
 * Whether a filter selects what a step leads to. Without the value, only the keys of an item are known: it counts as selected if the
 * condition is about other fields.
 */
function isSelected(step: string, filter: ItemFilter, value: unknown): boolean {
  const isMap = step.startsWith("f:");
  const found = isMap || value === undefined ? undefined : follow(step, value);
  const item = isMap ? step.slice(2) : (found ?? keysOf(step));
  return selects(filter, item) ?? found === undefined;
}

function keysOf(step: string): unknown {
  try {
    return JSON.parse(step.slice(2));
  } catch {
    return undefined;
  }
}

/** Returns the steps to the leaves that entries of these managers own, also through subresources. */
export function stepsOfManagers(entries: readonly ManagedFieldsEntry[], managers: readonly string[]): FieldSteps[] {
  if (managers.length === 0) return [];
  return entries.flatMap(({ manager = "", subresource, fieldsV1 = {} }) =>
    managers.includes(manager) && subresource !== "status" ? leaves(fieldsV1, []) : [],
  );
}

function leaves(fields: FieldsV1, steps: FieldSteps): FieldSteps[] {
  if (isLeaf(fields)) return steps.length === 0 ? [] : [steps];
  return Object.entries(fields).flatMap(([step, child]) =>
    step === "." || OWN.test(step) ? [] : leaves(child, [...steps, step]),
  );
}

/** Returns a field set without what is ignored; undefined if nothing is left. */
export function withoutIgnored(fields: FieldsV1, { pointers }: Pick<IgnoredFields, "pointers">): FieldsV1 | undefined {
  return pointers.reduce<FieldsV1 | undefined>((left, pointer) => left && drop(left, pointer), fields);
}

/** Returns managedFields entries without ignored managers and fields. */
export function entriesWithoutIgnored(
  entries: readonly ManagedFieldsEntry[],
  ignored: IgnoredFields | undefined,
): readonly ManagedFieldsEntry[] {
  if (ignored === undefined) return entries;
  return entries.flatMap((entry) => {
    if (ignored.managers.includes(entry.manager ?? "")) return [];
    const fieldsV1 = withoutIgnored(entry.fieldsV1 ?? {}, ignored);
    return fieldsV1 === undefined ? [] : [{ ...entry, fieldsV1 }];
  });
}

function drop(fields: FieldsV1, [segment = "", ...rest]: readonly PathSegment[]): FieldsV1 | undefined {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    const named = step !== "." && isNamed(step, segment, undefined);
    const left = !named ? child : rest.length === 0 ? undefined : isLeaf(child) ? child : drop(child, rest);
    if (left !== undefined) result[step] = left;
  }
  return Object.keys(result).every((step) => step === ".") ? undefined : result;
}
