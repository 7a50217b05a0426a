import { EVENT_ID, type Event, getScalarValue } from "js-yaml";
import { isRecord } from "../shape.js";

/** An item of a list document that is not validated yet. */
export interface ListItem {
  readonly value: unknown;
  /** Offset of the item in the source. Undefined for items of nested lists. */
  readonly offset: number | undefined;
}

/**
 * Flattens a `kind: List` or `kind: ConfigMapList` document, including nested lists. Undefined if `value` is not a list. As in
 * kubectl, an item without a kind gets the kind of its list. A document with a name is an object even if its kind ends in
 * "List".
 */
export function expandList(value: unknown, offsets: readonly number[]): ListItem[] | undefined {
  if (!isRecord(value) || typeof value.kind !== "string" || !value.kind.endsWith("List")) return undefined;
  if (isRecord(value.metadata) && value.metadata.name !== undefined) return undefined;
  if (!Object.hasOwn(value, "items")) return undefined;
  const items = value.items ?? [];
  if (!Array.isArray(items)) return undefined;
  const itemKind = value.kind.slice(0, -"List".length);
  return items.flatMap((item: unknown, index): ListItem[] => {
    const offset = offsets[index];
    const inner = expandList(item, []);
    if (inner) return inner.map(({ value: nested }) => ({ value: nested, offset }));
    if (itemKind === "" || !isRecord(item) || item.kind !== undefined) return [{ value: item, offset }];
    return [{ value: { apiVersion: value.apiVersion, kind: itemKind, ...item }, offset }];
  });
}

/** Returns the offset of each item of `items` of the mapping at `events[root]`. */
export function itemOffsets(source: string, events: readonly Event[], root: number): number[] {
  const offsets: number[] = [];
  if (events[root]?.type !== EVENT_ID.MAPPING) return offsets;
  let depth = 1;
  let key: string | undefined;
  let inItems = false;
  for (let at = root + 1; depth > 0 && at < events.length; at++) {
    const event = events[at] as Event;
    const isNode = event.type !== EVENT_ID.POP;
    if (isNode && depth === 2 && inItems) offsets.push(startOf(event));
    if (isNode && depth === 1) {
      inItems = key === "items";
      key = key === undefined && event.type === EVENT_ID.SCALAR ? getScalarValue(source, event) : undefined;
    }
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth++;
    else if (!isNode) depth--;
  }
  return offsets;
}

/** Returns the offset of a node, including its anchor and tag. */
export function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.SCALAR:
      return Math.max(0, event.valueStart >= 0 ? event.valueStart : event.anchorStart);
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return 0;
  }
}
