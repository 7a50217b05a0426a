import { z } from "zod";
import { type AppSource, Inputs } from "./inputs.js";

/** The inputs of a pin, without the schema of the source: it is copied from a Change, and the definition must stay small. */
const PinnedInputs = Inputs.omit({ source: true })
  .extend({
    source: (z.unknown() as unknown as z.ZodType<AppSource>)
      .meta({ type: "object", "x-kubernetes-preserve-unknown-fields": true })
      .describe("spec.source of the app at that time."),
  })
  .describe("The revision, and the source of the app at that time.");

/** Earlier inputs that an app is kept at. */
export const Pin = z
  .object({
    inputs: PinnedInputs,
    change: z
      .string()
      .max(253)
      .describe(
        "Name of the Change that rolled the app back, or, for an automatic rollback, of the Change that failed.",
      ),
    requester: z.string().max(512).optional().describe("User who requested the rollback. Unset for an automatic one."),
    replaces: z
      .string()
      .max(64)
      .optional()
      .describe(
        "Key of the inputs that failed, the same before and after an upgrade of the operator. An automatic rollback ends when the newest inputs have another key.",
      ),
  })
  .describe(
    "Earlier inputs that the app is kept at after a rollback. A pin that a user requested lasts until a user requests a sync; an automatic one ends when the source of the inputs changes, but not by an upgrade of the operator.",
  );
export type Pin = z.infer<typeof Pin>;
