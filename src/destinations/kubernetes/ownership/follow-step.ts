import { jsonText } from "../../../base/hash.js";
import { KEY_DEFAULTS } from "../../../manifest/diff/list-keys.js";

/** What a step of a field set leads to in a value; undefined if it has no such field or item. */
export function follow(step: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const rest = step.slice(2);
  if (step.startsWith("f:")) return (value as Record<string, unknown>)[rest];
  if (!Array.isArray(value)) return undefined;
  const wanted: unknown = parse(rest);
  if (step.startsWith("v:")) return value.find((item) => jsonText(item) === jsonText(wanted));
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
