import { jsonText } from "../../base/hash.js";
import { KEY_DEFAULTS, listKeysOf } from "../diff/list-keys.js";
import type { KubeObject } from "../document.js";
import { parseApiVersion } from "../object-id.js";
import { podSpecPath } from "../pod-spec.js";
import { isRecord } from "../shape.js";

/** Two items of one list that the API server cannot tell apart. */
export interface Duplicate {
  /** Of the list, for example `.spec.template.spec.containers[0].env`. */
  readonly path: string;
  /** The key that stands twice, for example `name "LOG_LEVEL"`. */
  readonly key: string;
  /** Positions of both items, counted from 0. */
  readonly indexes: readonly [number, number];
}

/**
 * Items of a keyed list with the same key, in the built-in kinds. The API server answers such an apply with status 500
 * (`duplicate entries for key`), which looks like a fault of the server and would be tried for ever.
 */
export function findDuplicates(object: KubeObject): Duplicate[] {
  const { group } = parseApiVersion(object.apiVersion);
  const found: Duplicate[] = [];
  for (const [path, keys] of Object.entries(listKeysOf(group, object.kind, podSpecPath(group, object.kind)))) {
    for (const list of listsAt(object, path.split("."), "")) found.push(...compare(list.items, list.path, keys));
  }
  return found;
}

/** The text of a problem: what stands twice, where, and what to do. */
export function describeDuplicate({ path, key, indexes: [first, second] }: Duplicate): string {
  return `${path} lists ${key} twice (items ${first} and ${second}); the API server refuses that, remove one`;
}

interface FoundList {
  readonly items: readonly unknown[];
  readonly path: string;
}

/** The lists at `steps` below `node`; a step with `[]` goes into each item. `shown` is the way so far. */
function listsAt(node: unknown, steps: readonly string[], shown: string): FoundList[] {
  const [step, ...rest] = steps;
  if (step === undefined) return Array.isArray(node) ? [{ items: node, path: shown }] : [];
  if (!isRecord(node)) return [];
  if (!step.endsWith("[]")) return listsAt(node[step], rest, `${shown}.${step}`);
  const field = step.slice(0, -"[]".length);
  const items = node[field];
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => listsAt(item, rest, `${shown}.${field}[${index}]`));
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

/** Undefined when the item has none of the key fields: what that means is the API server's to say. */
function keyOf(item: unknown, keys: readonly string[]): string | undefined {
  if (keys.length === 0) return typeof item === "object" ? undefined : show(item);
  if (!isRecord(item) || keys.every((key) => item[key] === undefined)) return undefined;
  return keys.map((key) => `${key} ${show(item[key] ?? KEY_DEFAULTS[key])}`).join(", ");
}

function show(value: unknown): string {
  return jsonText(value)?.slice(0, 100) ?? "(none)";
}
