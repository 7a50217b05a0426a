import { fieldPaths } from "../../kube/managed-fields.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../kube/object.js";
import { KEY_DEFAULTS } from "../../manifest/list-keys.js";

/** Paths named in a message. */
const MAX_PATHS = 5;
const MAX_WALK = 500;

/**
 * Who holds fields that the document sets: the writers of a drift, with the paths, for people and for recognising the same
 * fight again. Undefined when nobody does: the fields were removed, or the value was changed without a trace.
 */
export function describeWriters(document: unknown, others: readonly ManagedFieldsEntry[]): string | undefined {
  const notes: string[] = [];
  for (const entry of others) {
    if (entry.fieldsV1 === undefined || entry.subresource === "status") continue;
    const paths = fieldPaths(within(entry.fieldsV1, document), MAX_WALK);
    if (paths.length === 0) continue;
    const shown = paths.slice(0, MAX_PATHS).join(", ");
    const more = paths.length > MAX_PATHS ? ` and ${paths.length - MAX_PATHS} more` : "";
    notes.push(
      `${entry.manager ?? "somebody"}${entry.subresource ? ` (by /${entry.subresource})` : ""}: ${shown}${more}`,
    );
  }
  return notes.length === 0 ? undefined : notes.join("; ");
}

/** The part of a field set whose fields the value has, too. */
function within(fields: FieldsV1, value: unknown): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  for (const [step, child] of Object.entries(fields)) {
    const found = follow(step, value);
    if (found === undefined) continue;
    const deeper = within(child, found);
    const leaf = Object.keys(child).every((name) => name === ".");
    if (leaf || Object.keys(deeper).length > 0) result[step] = deeper;
  }
  return result;
}

function follow(step: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const rest = step.slice(2);
  if (step.startsWith("f:")) return (value as Record<string, unknown>)[rest];
  if (!Array.isArray(value)) return undefined;
  const wanted: unknown = parse(rest);
  if (step.startsWith("v:")) return value.find((item) => JSON.stringify(item) === JSON.stringify(wanted));
  if (!step.startsWith("k:") || typeof wanted !== "object" || wanted === null) return undefined;
  return value.find((item) => Object.entries(wanted).every(([name, part]) => hasKey(item, name, part)));
}

/** A key field that the document leaves out has its default, or one that the API server has filled in: that fits any. */
function hasKey(item: unknown, name: string, part: unknown): boolean {
  const own = (item as Record<string, unknown> | null)?.[name] ?? KEY_DEFAULTS[name];
  return own === undefined || own === part;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
