import { EVENT_ID, type Event, getScalarValue } from "js-yaml";
import type { FieldPath } from "../field-path.js";
import { startOf } from "./list-items.js";
import { type ReadEvents, readEvents } from "./read-events.js";
import { type Chunk, countLines, splitDocuments } from "./split.js";

/** Finds the lines of fields. Parses the text again, once, so it is used for errors only. */
export class FieldLines {
  readonly #text: string;
  #chunks: readonly Chunk[] | undefined;
  readonly #events = new Map<Chunk, ReadEvents>();

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Returns the line of a field, or of its nearest ancestor in the text if the field is missing or comes from an anchor.
   * `documentLine` is the first line of the document and the fallback.
   */
  lineOf(documentLine: number, path: FieldPath): number {
    this.#chunks ??= splitDocuments(this.#text);
    const chunk = this.#chunks.findLast(({ line }) => line <= documentLine) ?? this.#chunks[0];
    if (chunk === undefined) return documentLine;
    const { text, events } = this.#eventsOf(chunk);
    const lineOf = (event: Event): number => chunk.line + countLines(text, startOf(event));
    const start = offsetOfLine(text, documentLine - chunk.line);
    let at = events.findIndex((event) => event.type === EVENT_ID.MAPPING && startOf(event) >= start);
    let found: Event | undefined;
    for (const step of path) {
      const next = at < 0 ? undefined : child(text, events, at, step);
      if (next === undefined) break;
      found = events[next.shown] ?? found;
      at = next.value;
    }
    return found === undefined ? documentLine : lineOf(found);
  }

  #eventsOf(chunk: Chunk): ReadEvents {
    const known = this.#events.get(chunk);
    if (known !== undefined) return known;
    let events: ReadEvents = { text: chunk.text, events: [] };
    try {
      events = readEvents(chunk.text);
    } catch {
      // Unexpected, because the text was parsed before. Fall back to the line of the document.
    }
    this.#events.set(chunk, events);
    return events;
  }
}

/** Returns the offset of a line, given the number of preceding lines. */
function offsetOfLine(text: string, lines: number): number {
  let offset = 0;
  for (let line = 0; line < lines; line++) {
    const end = /\r\n|\r|\n/g;
    end.lastIndex = offset;
    const match = end.exec(text);
    if (match === null) return offset;
    offset = match.index + match[0].length;
  }
  return offset;
}

/** Returns the indexes of a child's value event and of the event whose line is shown: its key, or the list item. */
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

/** Returns the index of the event after the node that starts at `at`. */
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
