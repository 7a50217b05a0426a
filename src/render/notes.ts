import type { Note } from "./request.js";

/** Most notes of one render that are kept; the rest is counted. */
const MAX_NOTES = 100;

/** The notes of a render, and how many more there were. */
export interface OrderedNotes {
  readonly notes: readonly Note[];
  readonly omitted: number;
}

/** Sorts notes by file, line, object and message, and drops duplicates: the same source always gives the same list. */
export function orderNotes(notes: readonly Note[]): OrderedNotes {
  const byKey = new Map(notes.map((note) => [keyOf(note), note]));
  const sorted = [...byKey.values()].sort(compareNotes);
  return { notes: sorted.slice(0, MAX_NOTES), omitted: Math.max(0, sorted.length - MAX_NOTES) };
}

function keyOf({ origin, object, message }: Note): string {
  return JSON.stringify([origin?.file, origin?.line, object, message]);
}

function compareNotes(a: Note, b: Note): number {
  return (
    compareText(a.origin?.file, b.origin?.file) ||
    (a.origin?.line ?? 0) - (b.origin?.line ?? 0) ||
    compareText(a.object, b.object) ||
    compareText(a.message, b.message)
  );
}

function compareText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
