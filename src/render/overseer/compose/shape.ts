import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue, unknownField } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";

/** A mapping of a Compose document. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Returns the mapping at a key. Undefined if it is absent, or, after reporting a problem, if it has another type. */
export function mappingAt(parent: Mapping, key: string, report: Reporter): Mapping | undefined {
  const value = parent[key];
  if (value === undefined || isRecord(value)) return value;
  report.at(key).problem(`expected a mapping, found ${nameOfValue(value)}`);
  return undefined;
}

/** Returns the list at a key. Empty if it is absent, or, after reporting a problem, if it has another type. */
export function listAt(parent: Mapping, key: string, report: Reporter): readonly unknown[] {
  const value = parent[key];
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  report.at(key).problem(`expected a list, found ${nameOfValue(value)}`);
  return [];
}

/** Reports the unknown keys of a mapping. Keys that start with `x-` are always allowed. */
export function checkKeys(mapping: Mapping, known: readonly string[], report: Reporter): void {
  for (const key of Object.keys(mapping)) {
    if (key.startsWith("x-") || known.includes(key)) continue;
    report.at(key).problem(() => unknownField(key, known));
  }
}

/** Returns the keys of a mapping or the strings of a list. */
export function namesIn(value: unknown): readonly { readonly name: string; readonly step: string | number }[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, step) => (typeof item === "string" ? [{ name: item, step }] : []));
  }
  return isRecord(value) ? Object.keys(value).map((name) => ({ name, step: name })) : [];
}

/** Reports whether a path is relative. */
export function isRelativePath(path: string): boolean {
  return !path.startsWith("/");
}
