import { EVENT_ID, type Event, getScalarValue } from "js-yaml";
import { isRecord } from "../shape.js";

/** A member of a list document, before its shape was checked. */
export interface ListItem {
  readonly value: unknown;
  /** Offset in the source at which the item begins; undefined for items of a list within a list. */
  readonly offset: number | undefined;
}

/**
 * The members of a `kind: List` or `kind: ConfigMapList` document, at any depth of lists within lists; undefined when
 * `value` is no list. As in kubectl, an item without a kind has that of its list. Something with a name is an object even
 * when its kind ends in "List".
 */
export function expandList(value: unknown, offsets: readonly number[]): ListItem[] | undefined {
  if (!isRecord(value) || typeof value.kind !== "string" || !value.kind.endsWith("List")) return undefined;
  if (isRecord(value.metadata) && value.metadata.name !== undefined) return undefined;
  if (value.kind !== "List" && !Object.hasOwn(value, "items")) return undefined;
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

/** Where each item of `items` of the mapping at `events[root]` begins in the source. */
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

/** The offset at which a node begins: its value, or its anchor or tag when these come first. */
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
