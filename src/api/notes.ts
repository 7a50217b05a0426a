import { z } from "zod";
import { atomicList } from "./fields.js";

/** Maximum number of notes in a status. The others are counted. */
export const MAX_STATUS_NOTES = 20;

/** A remark about the source that is not an error: content that was ignored, added or assumed. */
export const SourceNote = z
  .object({
    object: z
      .string()
      .max(512)
      .optional()
      .describe("Object or document that the note is about, for example App shop/web."),
    origin: z.string().max(1280).optional().describe("File and line in the repository."),
    message: z.string().max(1024).describe("What was ignored, added or assumed. Never contains values of Secrets."),
  })
  .describe("A note about the source.");
export type SourceNote = z.infer<typeof SourceNote>;

/** The fields `notes` and `notesOmitted` of a status. */
export const notesFields = {
  notes: atomicList(
    SourceNote,
    MAX_STATUS_NOTES,
    "What the operator ignored, added or assumed when it read the source, with file and line.",
  ).optional(),
  notesOmitted: z.int().min(0).optional().describe("Number of notes that did not fit into notes."),
};
