import type { KubeObject } from "../document.js";
import { RESERVED_ANNOTATIONS, RESERVED_LABELS } from "../normalize.js";
import { isRecord } from "../shape.js";
import { maskConfidential } from "./confidential.js";
import { Masked, maskSecrets, REDACTED } from "./mask.js";
import { matchItems } from "./match-items.js";
import { MAX_SHOWN_VALUE, showValue } from "./show-value.js";

/** A difference of one field. Values are for display: truncated, and `<redacted>` in a Secret. */
export interface DiffEntry {
  /** `.spec.template.spec.containers[web].image`, `.metadata.labels[app.kubernetes.io/name]`. */
  readonly path: string;
  readonly op: "add" | "remove" | "change";
  /** Unset if op is `add`. */
  readonly from?: string;
  /** Unset if op is `remove`. */
  readonly to?: string;
}

/** Differences in a stable order. */
export interface ObjectDiff {
  readonly entries: readonly DiffEntry[];
  /** Number of omitted entries. */
  readonly omitted: number;
}

/** Default for the maximum number of entries. */
export const DEFAULT_MAX_ENTRIES = 100;

const IGNORED_METADATA = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/**
 * Compares two versions of an object (live and dry run, or live and desired) by field. List items are matched by their keys; a
 * different order is a separate entry. Ignores server-managed metadata, `status` and our own labels and annotations. Secrets, and
 * plain values that look like secrets, are masked before the comparison. `maxValue`: see showValue.
 */
export function diffObjects(
  from: KubeObject,
  to: KubeObject,
  maxEntries: number = DEFAULT_MAX_ENTRIES,
  maxValue: number = MAX_SHOWN_VALUE,
): ObjectDiff {
  const differ = new Differ(maxEntries, maxValue);
  differ.compare("", "", relevant(masked(from)), relevant(masked(to)));
  return { entries: differ.entries, omitted: differ.omitted };
}

function masked(object: KubeObject): KubeObject {
  return maskConfidential(maskSecrets(object));
}

function relevant(object: KubeObject): Record<string, unknown> {
  const { status: _, ...rest } = object;
  const metadata: Record<string, unknown> = { ...object.metadata };
  for (const field of IGNORED_METADATA) delete metadata[field];
  metadata.labels = withoutKeys(metadata.labels, RESERVED_LABELS);
  metadata.annotations = withoutKeys(metadata.annotations, RESERVED_ANNOTATIONS);
  return { ...rest, metadata };
}

function withoutKeys(map: unknown, keys: readonly string[]): unknown {
  if (!isRecord(map)) return map;
  const kept = Object.entries(map).filter(([key]) => !keys.includes(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

class Differ {
  readonly entries: DiffEntry[] = [];
  omitted = 0;
  readonly #max: number;
  readonly #maxValue: number;

  constructor(max: number, maxValue: number) {
    this.#max = max;
    this.#maxValue = maxValue;
  }

  compare(path: string, field: string, from: unknown, to: unknown): void {
    if (from === to) return;
    if (from instanceof Masked && to instanceof Masked) {
      if (!from.equals(to)) this.#report({ path, op: "change", from: REDACTED, to: REDACTED });
    } else if (isMap(from) && isMap(to)) {
      this.#compareMaps(path, from, to);
    } else if (Array.isArray(from) && Array.isArray(to)) {
      this.#compareLists(path, field, from, to);
    } else if (isMasking(from) || isMasking(to)) {
      this.#compareMaps(path, isMap(from) ? from : {}, isMap(to) ? to : {});
    } else if (from === undefined) {
      this.#report({ path, op: "add", to: this.#show(to) });
    } else if (to === undefined) {
      this.#report({ path, op: "remove", from: this.#show(from) });
    } else {
      this.#report({ path, op: "change", from: this.#show(from), to: this.#show(to) });
    }
  }

  #compareMaps(path: string, from: Record<string, unknown>, to: Record<string, unknown>): void {
    const keys = [...Object.keys(from), ...Object.keys(to).filter((key) => !Object.hasOwn(from, key))].sort();
    for (const key of keys) {
      this.compare(`${path}${step(key)}`, key, own(from, key), own(to, key));
    }
  }

  #compareLists(path: string, field: string, from: readonly unknown[], to: readonly unknown[]): void {
    const scalars = ![...from, ...to].some((item) => item !== null && typeof item === "object");
    if (scalars && from.length !== to.length) {
      this.#report({ path, op: "change", from: this.#show(from), to: this.#show(to) });
      return;
    }
    const { pairs, order } = matchItems(field, from, to);
    for (const [label, before, after] of pairs) this.compare(`${path}[${label}]`, field, before, after);
    if (order) this.#report({ path, op: "change", from: showOrder(order[0]), to: showOrder(order[1]) });
  }

  #show(value: unknown): string {
    return showValue(value, this.#maxValue);
  }

  #report(entry: DiffEntry): void {
    if (this.entries.length < this.#max) this.entries.push(entry);
    else this.omitted++;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !(value instanceof Masked);
}

/** Reports whether a map contains masked values. Such maps are compared by key, because keys are not secret. */
function isMasking(value: unknown): boolean {
  return isMap(value) && Object.values(value).some((child) => child instanceof Masked);
}

function own(map: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Formats a path step: `.field`, or `[odd/key]` for keys with special characters. */
function step(key: string): string {
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `[${key.replace(/\p{Cc}/gu, "?").slice(0, 200)}]`;
}

function showOrder(keys: readonly string[]): string {
  return `order: ${showValue(keys.join(", "))}`;
}
