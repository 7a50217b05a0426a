import { jsonText } from "../../base/hash.js";
import { KEY_DEFAULTS, type ListKeys, listKeysOf } from "../diff/list-keys.js";
import type { KubeObject } from "../document.js";
import { parseApiVersion } from "../object-id.js";
import { podSpecPath } from "../pod-spec.js";
import { isRecord } from "../shape.js";

/** Two list items with the same merge key. */
export interface Duplicate {
  /** Path of the list, for example `.spec.template.spec.containers[0].env`. */
  readonly path: string;
  /** The duplicate key, for example `name "LOG_LEVEL"`. */
  readonly key: string;
  /** Zero-based indexes of both items. */
  readonly indexes: readonly [number, number];
}

/**
 * Finds list items with the same merge key in built-in kinds. The API server rejects such an apply with status 500 (`duplicate
 * entries for key`), which looks like a server error and would be retried indefinitely.
 */
export function findDuplicates(object: KubeObject): Duplicate[] {
  const { group } = parseApiVersion(object.apiVersion);
  const found: Duplicate[] = [];
  for (const { steps, keys } of keyedListsOf(listKeysOf(group, object.kind, podSpecPath(group, object.kind)))) {
    for (const list of listsAt(object, steps, "")) found.push(...compare(list.items, list.path, keys));
  }
  return found;
}

interface KeyedList {
  readonly steps: readonly string[];
  readonly keys: readonly string[];
}

/** By the keys of a kind, which are the same for all its objects. */
const keyedLists = new WeakMap<ListKeys, readonly KeyedList[]>();

function keyedListsOf(listKeys: ListKeys): readonly KeyedList[] {
  const known = keyedLists.get(listKeys);
  if (known !== undefined) return known;
  const lists = Object.entries(listKeys).map(([path, keys]) => ({ steps: path.split("."), keys }));
  keyedLists.set(listKeys, lists);
  return lists;
}

/** Returns the message for a duplicate: the key, its place and a remedy. */
export function describeDuplicate({ path, key, indexes: [first, second] }: Duplicate): string {
  return `${path} lists ${key} twice (items ${first} and ${second}); the API server rejects duplicates, so remove one`;
}

interface FoundList {
  readonly items: readonly unknown[];
  readonly path: string;
}

/** Returns the lists at `steps`, from `at` on, below `node`. A step with `[]` descends into each item. `shown` is the path so far. */
function listsAt(node: unknown, steps: readonly string[], shown: string, at = 0): FoundList[] {
  const step = steps[at];
  if (step === undefined) return Array.isArray(node) ? [{ items: node, path: shown }] : [];
  if (!isRecord(node)) return [];
  if (!step.endsWith("[]")) {
    const value = node[step];
    return value === undefined ? [] : listsAt(value, steps, `${shown}.${step}`, at + 1);
  }
  const field = step.slice(0, -"[]".length);
  const items = node[field];
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => listsAt(item, steps, `${shown}.${field}[${index}]`, at + 1));
}

function compare(items: readonly unknown[], path: string, keys: readonly string[]): Duplicate[] {
  const found: Duplicate[] = [];
  const seen = new Map<string, number>();
  items.forEach((item, index) => {
    const key = keyOf(item, keys);
    if (key === undefined) return;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else found.push({ path, key, indexes: [first, index] });
  });
  return found;
}

/** Returns the merge key of an item. Undefined if it has none of the key fields, which the API server validates. */
function keyOf(item: unknown, keys: readonly string[]): string | undefined {
  if (keys.length === 0) return typeof item === "object" ? undefined : show(item);
  if (!isRecord(item) || keys.every((key) => item[key] === undefined)) return undefined;
  return keys.map((key) => `${key} ${show(item[key] ?? KEY_DEFAULTS[key])}`).join(", ");
}

function show(value: unknown): string {
  return jsonText(value)?.slice(0, 100) ?? "(none)";
}
