import { z } from "zod";
import { atomicList } from "./fields.js";

/** Most notes that a status holds; the rest is counted. */
export const MAX_STATUS_NOTES = 20;

/** Something about the source that is not an error: content that was left out, added or assumed. */
export const SourceNote = z
  .object({
    object: z.string().max(512).optional().describe("Object or document that the note is about, like App shop/web."),
    origin: z.string().max(1280).optional().describe("File and line in the repository."),
    message: z.string().max(1024).describe("What was left out, added or assumed. Never a secret value."),
  })
  .describe("A note about the source.");
export type SourceNote = z.infer<typeof SourceNote>;

/** The fields `notes` and `notesOmitted` of a status. */
export const notesFields = {
  notes: atomicList(
    SourceNote,
    MAX_STATUS_NOTES,
    "What the operator left out, added or assumed when it read the source, by file and line.",
  ).optional(),
  notesOmitted: z.int().min(0).optional().describe("Number of notes that did not fit into notes."),
};
