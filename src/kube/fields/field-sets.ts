import { canonicalJson } from "../../base/hash.js";
import type { FieldsV1 } from "../object.js";

/** Steps from the root of a field set to one of its nodes: `f:spec`, `k:{"name":"web"}`. */
export type FieldSteps = readonly string[];

/** Whether two steps mean the same: keys and members are JSON, and Go escapes some characters in it. */
export function sameStep(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.slice(0, 2) !== b.slice(0, 2) || !/^[kv]:/.test(a)) return false;
  return normalized(a) === normalized(b);
}

/** The step of a list item with these keys, as the API server writes it: keys in the order of their names. */
export function keyStep(keys: Readonly<Record<string, unknown>>): string {
  return `k:${canonicalJson(keys)}`;
}

/** What is below `step` of a node; undefined if it has no such step. */
export function childOf(fields: FieldsV1 | undefined, step: string): FieldsV1 | undefined {
  if (fields === undefined) return undefined;
  const found = Object.keys(fields).find((candidate) => sameStep(candidate, step));
  return found === undefined ? undefined : fields[found];
}

/** What a set holds at the end of `steps`; undefined if nothing. */
export function pick(fields: FieldsV1 | undefined, steps: FieldSteps): FieldsV1 | undefined {
  return steps.reduce<FieldsV1 | undefined>((node, step) => childOf(node, step), fields);
}

/** A set that holds `leaf` at the end of `steps` and nothing else. */
export function nest(steps: FieldSteps, leaf: FieldsV1): FieldsV1 {
  return steps.reduceRight<FieldsV1>((child, step) => ({ [step]: child }), leaf);
}

/** A set without what it holds at the end of `steps`, and without the nodes that hold nothing any more by that. */
export function without(fields: FieldsV1, steps: FieldSteps): FieldsV1 {
  const [first, ...rest] = steps;
  if (first === undefined) return {};
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    if (!sameStep(step, first)) {
      result[step] = child;
      continue;
    }
    const left = without(child, rest);
    // A node without children would mean that the whole is owned.
    if (Object.keys(left).length > 0) result[step] = left;
  }
  return result;
}

/** What `fields` holds and `other` does not, field by field. */
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

/** The steps to every leaf of a set, up to `limit` of them. */
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

/** Whether a set holds nothing. */
export function isEmpty(fields: FieldsV1): boolean {
  return Object.keys(fields).length === 0;
}

/** Whether a node has no children: the whole below it is owned. */
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
