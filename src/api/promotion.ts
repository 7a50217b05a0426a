import { z } from "zod";

/** What an app of an Environment with `promotesFrom` takes of its ref, and what holds the rest. */
export const PromotionStatus = z
  .object({
    newest: z.string().max(512).describe("Newest revision of the ref."),
    promotable: z
      .string()
      .max(64)
      .optional()
      .describe(
        "Newest commit that the earlier Environments have tested, if it is not applied yet: a user may promote it by a Change of cause Promotion.",
      ),
    waitingFor: z
      .string()
      .max(1024)
      .optional()
      .describe("Why the newest revision is not promoted. Unset if it is applied, or can be."),
    until: z.iso
      .datetime()
      .optional()
      .describe("Earliest time at which a soak may end. The soak counts only while the operator observes the app."),
  })
  .describe("What the app takes of its ref, and what holds the rest. Only in an Environment with promotesFrom.");
export type PromotionStatus = z.infer<typeof PromotionStatus>;
