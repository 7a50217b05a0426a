import { displayId, type ObjectId } from "../../../manifest/object-id.js";
import type { AppRun } from "../run.js";

/** What the destination had to say about one object. */
export interface ObjectNote {
  readonly id: ObjectId;
  readonly text: string;
}

/** Names of further objects in one Event. */
const MAX_NAMES = 3;

/**
 * Records what the destination said of objects that were verified: one Event for the same words about any number of objects, once.
 * An admission policy that would refuse ten definitions is one thing to know, not ten.
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
