import { jsonText } from "../../../base/hash.js";
import { KEY_DEFAULTS } from "../../../manifest/diff/list-keys.js";

/** Resolves a step of a field set in a value; undefined if there is no such field or item. */
export function follow(step: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const name = step.slice(2);
  if (step.startsWith("f:")) return (value as Record<string, unknown>)[name];
  if (!Array.isArray(value)) return undefined;
  const key: unknown = parse(name);
  if (step.startsWith("v:")) return value.find((item) => jsonText(item) === jsonText(key));
  if (!step.startsWith("k:") || typeof key !== "object" || key === null) return undefined;
  return value.find((item) => Object.entries(key).every(([field, part]) => hasKey(item, field, part)));
}

/** Whether an item has a key field. A key that the document omits has its default, or a server-side default that fits any value. */
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
