import { z } from "zod";
import { PruneBudget } from "./sync-policy.js";

/** Settings of an app that decide what a Change has to ask for, as they were when the last Change passed its gates. */
export const AcceptedSettings = z
  .object({
    mode: z.enum(["Automatic", "Manual"]).describe("sync.mode."),
    allowEmpty: z.boolean().describe("sync.allowEmpty."),
    pruneBudget: PruneBudget.optional().describe("sync.pruneBudget."),
  })
  .describe(
    "Settings in spec.sync when the last Change passed its gates. In an Environment, the stricter one of these and those in the spec counts for the next Change, so that an edit of the app alone opens no gate.",
  );
export type AcceptedSettings = z.infer<typeof AcceptedSettings>;
