import { canonicalJson } from "../../base/hash.js";
import type { Proof } from "./eligibility.js";

/** What an app of an earlier Environment has applied. */
export interface EarlierSource {
  /** For messages, for example `OverseerApp staging/web`. */
  readonly name: string;
  /** `source` of the applied inputs; undefined if nothing is applied. */
  readonly source: object | undefined;
  /** Whether these inputs have proven themselves. */
  readonly proof: Proof;
}

/** Maximum number of fields in one message. */
const SHOWN = 5;
/** Deeper values are compared as a whole. */
const MAX_DEPTH = 16;

/**
 * Returns why an edit of `spec.source` is not tested; undefined if it is, or if there is none. It is tested if every earlier app has proven
 * itself with equal values of all fields that the edit changes: a commit proves nothing about what is read of it.
 */
export function untestedEdit(before: object, after: object, earlier: readonly EarlierSource[]): string | undefined {
  const fields = changedFields(before, after);
  if (fields.length === 0) return undefined;
  const edit = `the edit of ${named(fields.map(({ path }) => path))}`;
  if (earlier.length === 0) return `${edit} was not tested by an earlier Environment`;
  for (const { name, source, proof } of earlier) {
    const others = fields.filter(({ path }) => !isSameAt(source, after, path));
    if (source === undefined || others.length > 0)
      return `${edit} was not tested: ${name} has other values there; make the edit there first, or have a user approve it`;
    if (!proof.proven) return `${edit} was not tested: ${name} has it, but ${proof.why}`;
  }
  return undefined;
}

interface Field {
  readonly path: readonly string[];
}

/** Returns the fields that differ. Lists are compared as a whole. */
function changedFields(before: unknown, after: unknown, path: readonly string[] = []): Field[] {
  if (canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  if (!isMap(before) || !isMap(after) || path.length === MAX_DEPTH) return [{ path }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => changedFields(before[key], after[key], [...path, key]));
}

function isSameAt(one: unknown, other: unknown, path: readonly string[]): boolean {
  return canonicalJson(valueAt(one, path) ?? null) === canonicalJson(valueAt(other, path) ?? null);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function named(paths: readonly (readonly string[])[]): string {
  const names = paths.slice(0, SHOWN).map((path) => ["spec.source", ...path].join("."));
  const more = paths.length - names.length;
  return `${names.join(", ")}${more === 0 ? "" : ` and ${more} more field${more === 1 ? "" : "s"}`}`;
}
