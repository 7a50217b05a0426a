import { isRecord } from "../shape.js";
import { KEY_DEFAULTS, likelyKeys } from "./list-keys.js";

/** How the items of two versions of a list belong together. */
export interface MatchedItems {
  /** `[label, from, to]`; undefined where an item is in one version only. The label is the key as people read it. */
  readonly pairs: readonly (readonly [label: string, from: unknown, to: unknown])[];
  /** The keys that both have, in the order of each version, where these differ. */
  readonly order: readonly [from: readonly string[], to: readonly string[]] | undefined;
}

/**
 * Matches the items of a list called `field` by what names them (`name`, `containerPort/protocol`, …): the first of the
 * likely keys that every item of both versions has, each item its own. Otherwise by position.
 */
export function matchItems(field: string, from: readonly unknown[], to: readonly unknown[]): MatchedItems {
  for (const fields of likelyKeys(field)) {
    const before = keyItems(from, fields);
    const after = before && keyItems(to, fields);
    if (before && after) return matchByKey(before, after);
  }
  const length = Math.max(from.length, to.length);
  return {
    pairs: Array.from({ length }, (_, index) => [String(index), from[index], to[index]] as const),
    order: undefined,
  };
}

function matchByKey(from: ReadonlyMap<string, unknown>, to: ReadonlyMap<string, unknown>): MatchedItems {
  const labels = [...from.keys(), ...[...to.keys()].filter((key) => !from.has(key))];
  const common = [...from.keys()].filter((key) => to.has(key));
  const commonAfter = [...to.keys()].filter((key) => from.has(key));
  const moved = common.some((key, index) => key !== commonAfter[index]);
  return {
    pairs: labels.map((label) => [label, from.get(label), to.get(label)] as const),
    order: moved ? [common, commonAfter] : undefined,
  };
}

/** Undefined when an item lacks the key or two have the same. */
function keyItems(items: readonly unknown[], fields: readonly string[]): Map<string, unknown> | undefined {
  const keyed = new Map<string, unknown>();
  for (const item of items) {
    if (!isRecord(item)) return undefined;
    const parts = fields.map((field) => item[field] ?? KEY_DEFAULTS[field]);
    if (!parts.every((part) => typeof part === "string" || typeof part === "number")) return undefined;
    const key = parts.join("/");
    if (keyed.has(key)) return undefined;
    keyed.set(key, item);
  }
  return keyed;
}
