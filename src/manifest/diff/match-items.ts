import { isRecord } from "../shape.js";
import { KEY_DEFAULTS, likelyKeys } from "./list-keys.js";

/** Matching of the items of two versions of a list. */
export interface MatchedItems {
  /** `[label, from, to]`. `from` or `to` is undefined if an item is only in one version. The label is the key for display. */
  readonly pairs: readonly (readonly [label: string, from: unknown, to: unknown])[];
  /** The common keys in the order of each version, if the order differs. */
  readonly order: readonly [from: readonly string[], to: readonly string[]] | undefined;
}

/**
 * Matches the items of a list called `field` by key (`name`, `containerPort/protocol`, …): the first candidate that is unique
 * and present in all items of both versions. Falls back to the index.
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

/** Undefined if an item lacks the key or a key is not unique. */
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
