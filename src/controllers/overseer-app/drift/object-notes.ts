import { displayId, type ObjectId } from "../../../manifest/object-id.js";
import type { AppRun } from "../run.js";

/** A note of the destination about one object. */
export interface ObjectNote {
  readonly id: ObjectId;
  readonly text: string;
}

/** Maximum number of further objects that an Event names. */
const MAX_NAMES = 3;

/**
 * Emits the destination's notes on verified objects: one Event, once, for the same note about any number of objects. An
 * admission policy that rejects ten objects is one fact, not ten.
 */
export function emitObjectNotes(run: AppRun, notes: readonly ObjectNote[]): void {
  const groups = new Map<string, ObjectNote[]>();
  for (const note of notes) {
    const { namespace, name } = note.id;
    const words = [displayId(note.id), namespace, name].filter((word) => word !== "");
    const key = words.reduce((text, word) => text.replaceAll(word, "…"), note.text);
    groups.set(key, [...(groups.get(key) ?? []), note]);
  }
  for (const [key, alike] of groups) {
    const topic = `note ${key}`;
    if (run.memory.lastEmitted.has(topic)) continue;
    const [first, ...others] = alike.sort((a, b) => (displayId(a.id) < displayId(b.id) ? -1 : 1));
    run.emitEventOnce(topic, "Warning", "ApplyWarning", "Heal", `${first?.text ?? ""}${describeOthers(others)}`);
  }
}

function describeOthers(others: readonly ObjectNote[]): string {
  if (others.length === 0) return "";
  const names = others.slice(0, MAX_NAMES).map(({ id }) => displayId(id));
  const more = others.length > MAX_NAMES ? ` and ${others.length - MAX_NAMES} more` : "";
  return ` (the same applies to ${names.join(", ")}${more})`;
}
