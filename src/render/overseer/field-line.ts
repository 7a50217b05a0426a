import { EVENT_ID, type Event, getScalarValue, parseEvents } from "js-yaml";
import { startOf } from "../../manifest/list-items.js";
import { MAX_DEPTH } from "../../manifest/parse.js";
import { countLines, splitDocuments } from "../../manifest/split.js";
import type { FieldPath } from "./field-path.js";

/**
 * The line of a field, or of the nearest field above it that is written there: what is missing, or comes from an anchor,
 * has no line of its own. `documentLine` is where the document begins; it is the answer when all else fails. Reads the
 * text again, so it is for errors only.
 */
export function lineOfField(text: string, documentLine: number, path: FieldPath): number {
  const chunk = splitDocuments(text).findLast(({ line }) => line <= documentLine);
  if (chunk === undefined) return documentLine;
  let events: Event[];
  try {
    events = parseEvents(chunk.text, { maxDepth: MAX_DEPTH });
  } catch {
    return documentLine;
  }
  const lineOf = (event: Event): number => chunk.line + countLines(chunk.text, startOf(event));
  const root = events.findIndex((event) => event.type === EVENT_ID.MAPPING && lineOf(event) >= documentLine);
  let at = root;
  let found: Event | undefined;
  for (const step of path) {
    const next = at < 0 ? undefined : child(chunk.text, events, at, step);
    if (next === undefined) break;
    found = events[next.shown] ?? found;
    at = next.value;
  }
  return found === undefined ? documentLine : lineOf(found);
}

/** Positions of the event to show for a child (its key, or the item itself) and of its value. */
function child(
  text: string,
  events: readonly Event[],
  parent: number,
  step: string | number,
): { readonly shown: number; readonly value: number } | undefined {
  const type = events[parent]?.type;
  if (type !== EVENT_ID.MAPPING && type !== EVENT_ID.SEQUENCE) return undefined;
  let at = parent + 1;
  for (let index = 0; ; index++) {
    const first = events[at];
    if (first === undefined || first.type === EVENT_ID.POP) return undefined;
    if (type === EVENT_ID.SEQUENCE) {
      if (index === step) return { shown: at, value: at };
    } else {
      const value = after(events, at);
      if (first.type === EVENT_ID.SCALAR && getScalarValue(text, first) === String(step)) return { shown: at, value };
      at = value;
    }
    at = after(events, at);
  }
}

/** The position behind the node that begins at `at`. */
function after(events: readonly Event[], at: number): number {
  let depth = 0;
  for (let position = at; position < events.length; position++) {
    const type = events[position]?.type;
    if (type === EVENT_ID.MAPPING || type === EVENT_ID.SEQUENCE) depth++;
    else if (type === EVENT_ID.POP) depth--;
    if (depth <= 0) return position + 1;
  }
  return events.length;
}
