import { cutMessage } from "../../../api/conditions.js";
import { MAX_STATUS_NOTES, type SourceNote } from "../../../api/notes.js";
import { cutText } from "../../../base/cut-text.js";
import { formatOrigin } from "../../../manifest/document.js";
import type { Note } from "../../../render/request.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/** The status fields `notes` and `notesOmitted`, both absent if there are no notes. */
export interface StatusNotes {
  readonly notes?: SourceNote[];
  readonly notesOmitted?: number;
}

/** Maximum number of notes in one Event, which is limited to 1 kB. */
const SHOWN = 3;

/** Returns the notes of a render for the status: the first ones, and the number of the others. */
export function statusNotes({ notes, notesOmitted }: Pick<Rendered, "notes" | "notesOmitted">): StatusNotes {
  if (notes.length === 0) return {};
  const omitted = Math.max(0, notes.length - MAX_STATUS_NOTES) + notesOmitted;
  return {
    notes: notes.slice(0, MAX_STATUS_NOTES).map(toStatus),
    ...(omitted === 0 ? {} : { notesOmitted: omitted }),
  };
}

/** Returns the notes for the status: of the newest render, else of the applied one. */
export function notesOfRun(run: AppRun): StatusNotes {
  const rendered = run.desired ?? run.applied;
  if (rendered !== undefined) return statusNotes(rendered);
  const { notes, notesOmitted } = run.status;
  return { ...(notes ? { notes } : {}), ...(notesOmitted === undefined ? {} : { notesOmitted }) };
}

/** Returns the number of notes, including omitted ones. */
export function countNotes({ notes = [], notesOmitted = 0 }: StatusNotes): number {
  return notes.length + notesOmitted;
}

/** Emits one Event when the notes differ from those in the status, and logs all of them. */
export function emitSourceNotes(run: AppRun): void {
  if (run.desired === undefined) return;
  const now = statusNotes(run.desired);
  const { notes: before, notesOmitted } = run.status;
  if (JSON.stringify([now.notes, now.notesOmitted]) === JSON.stringify([before, notesOmitted])) return;
  for (const { message, object, origin } of run.desired.notes) {
    run.logger.info("render note", { note: message, object, file: origin?.file, line: origin?.line });
  }
  if (now.notes === undefined) return;
  run.emitEvent("Warning", "SourceNotes", "Render", describeNotes(run.desired.inputs.revision, now));
}

/** Describes the notes in one line: their number and the first ones. */
export function describeNotes(revision: string, all: StatusNotes): string {
  const { notes = [] } = all;
  const total = countNotes(all);
  const shown = notes
    .slice(0, SHOWN)
    .map(({ origin, object, message }) => [origin, object, cutText(message, 200)].filter(Boolean).join(": "));
  const more = total > shown.length ? `; and ${total - shown.length} more in status.notes` : "";
  return `${total} ${total === 1 ? "note" : "notes"} on ${revision}: ${shown.join("; ")}${more}`;
}

function toStatus({ message, origin, object }: Note): SourceNote {
  return {
    ...(object === undefined ? {} : { object: cutText(object, 512) }),
    ...(origin === undefined ? {} : { origin: cutText(formatOrigin(origin), 1280) }),
    message: cutMessage(message),
  };
}
