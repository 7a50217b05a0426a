import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue, unknownField } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";

/** A mapping of a Compose document. */
export type Mapping = Readonly<Record<string, unknown>>;

/** The mapping at a key; undefined when it is absent, or, after a problem, when it is something else. */
export function mappingAt(parent: Mapping, key: string, report: Reporter): Mapping | undefined {
  const value = parent[key];
  if (value === undefined || isRecord(value)) return value;
  report.at(key).problem(`expected a mapping, found ${nameOfValue(value)}`);
  return undefined;
}

/** The list at a key; empty when it is absent, or, after a problem, when it is something else. */
export function listAt(parent: Mapping, key: string, report: Reporter): readonly unknown[] {
  const value = parent[key];
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  report.at(key).problem(`expected a list, found ${nameOfValue(value)}`);
  return [];
}

/** Reports each key of a mapping that Compose does not know; `x-…` is always free. */
export function checkKeys(mapping: Mapping, known: readonly string[], report: Reporter): void {
  for (const key of Object.keys(mapping)) {
    if (key.startsWith("x-") || known.includes(key)) continue;
    report.at(key).problem(() => unknownField(key, known));
  }
}

/** What a mapping or list names: keys, or items that are text. */
export function namesIn(value: unknown): readonly { readonly name: string; readonly step: string | number }[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, step) => (typeof item === "string" ? [{ name: item, step }] : []));
  }
  return isRecord(value) ? Object.keys(value).map((name) => ({ name, step: name })) : [];
}

/** Whether a text names a file by a path that is relative to a repository or a home. */
export function isRelativePath(path: string): boolean {
  return !path.startsWith("/");
}
