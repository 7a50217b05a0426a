import { canonicalJson } from "../../base/hash.js";
import type { FieldsV1 } from "../object.js";

/** Steps from the root of a field set to one of its nodes: `f:spec`, `k:{"name":"web"}`. */
export type FieldSteps = readonly string[];

/** Returns whether two steps are equal: keys and values are JSON, in which Go escapes some characters. */
export function sameStep(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.slice(0, 2) !== b.slice(0, 2) || !/^[kv]:/.test(a)) return false;
  return normalized(a) === normalized(b);
}

/** Returns the step of a list item with these keys, as the API server writes it: keys sorted by name. */
export function keyStep(keys: Readonly<Record<string, unknown>>): string {
  return `k:${canonicalJson(keys)}`;
}

/** Returns the child of a node at `step`; undefined if there is none. */
export function childOf(fields: FieldsV1 | undefined, step: string): FieldsV1 | undefined {
  if (fields === undefined) return undefined;
  const found = Object.keys(fields).find((candidate) => sameStep(candidate, step));
  return found === undefined ? undefined : fields[found];
}

/** Returns the node of a set at `steps`; undefined if there is none. */
export function pick(fields: FieldsV1 | undefined, steps: FieldSteps): FieldsV1 | undefined {
  return steps.reduce<FieldsV1 | undefined>((node, step) => childOf(node, step), fields);
}

/** Returns a set that contains only `leaf` at `steps`. */
export function nest(steps: FieldSteps, leaf: FieldsV1): FieldsV1 {
  return steps.reduceRight<FieldsV1>((child, step) => ({ [step]: child }), leaf);
}

/** Returns a set without the node at `steps` and without parents that become empty. */
export function without(fields: FieldsV1, steps: FieldSteps): FieldsV1 {
  const [first, ...remaining] = steps;
  if (first === undefined) return {};
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    if (!sameStep(step, first)) {
      result[step] = child;
      continue;
    }
    const left = without(child, remaining);
    // A node without children would mean that the whole value is owned.
    if (Object.keys(left).length > 0) result[step] = left;
  }
  return result;
}

/** Returns the fields of `fields` that are not in `other`. */
export function subtract(fields: FieldsV1, other: FieldsV1): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    const counterpart = childOf(other, step);
    if (counterpart === undefined) {
      result[step] = child;
      continue;
    }
    const left = isLeaf(child) ? {} : subtract(child, counterpart);
    if (Object.keys(left).length > 0) result[step] = left;
  }
  return result;
}

/** Returns the steps to the leaves of a set, up to `limit`. */
export function leavesOf(fields: FieldsV1, limit: number): FieldSteps[] {
  const found: FieldSteps[] = [];
  const walk = (node: FieldsV1, steps: FieldSteps): void => {
    if (found.length >= limit) return;
    if (isLeaf(node) && steps.length > 0) found.push(steps);
    for (const [step, child] of Object.entries(node)) if (step !== ".") walk(child, [...steps, step]);
  };
  walk(fields, []);
  return found;
}

/** Returns whether a set is empty. */
export function isEmpty(fields: FieldsV1): boolean {
  return Object.keys(fields).length === 0;
}

/** Returns whether a node has no children, which means that the whole value is owned. */
export function isLeaf(fields: FieldsV1): boolean {
  return Object.keys(fields).every((step) => step === ".");
}

function normalized(step: string): string {
  try {
    return canonicalJson(JSON.parse(step.slice(2)));
  } catch {
    return step;
  }
}
