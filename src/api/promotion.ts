import { z } from "zod";

/** The pull request that carries tested versions to the directory of an app. */
export const PromotionPullRequest = z
  .object({
    state: z
      .enum(["Open", "Merged", "Declined", "Failed"])
      .describe(
        "Open; Merged or Declined (closed without a merge): the same versions are not proposed again; Failed: there is none, for the reason in message.",
      ),
    id: z.string().max(64).describe("Identifies the proposed versions."),
    repository: z
      .string()
      .max(2048)
      .optional()
      .describe("URL of the repository. For another one, the pull request is forgotten."),
    number: z.int().min(0).optional().describe("Number at the Git host."),
    url: z.string().max(2048).optional().describe("Address at the Git host."),
    head: z
      .string()
      .max(64)
      .optional()
      .describe("Newest commit that the operator knows of its branch. A branch with other commits is left as it is."),
    message: z.string().max(1024).optional().describe("Why there is none, or why it is not updated or closed."),
  })
  .describe(
    "Pull request that carries tested versions to the directory of the app, with promotion.pullRequests of the Environment.",
  );
export type PromotionPullRequest = z.infer<typeof PromotionPullRequest>;

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
    pullRequest: PromotionPullRequest.optional(),
    until: z.iso
      .datetime()
      .optional()
      .describe("Earliest time at which a soak may end. The soak counts only while the operator observes the app."),
  })
  .describe("What the app takes of its ref, and what holds the rest. Only in an Environment with promotesFrom.");
export type PromotionStatus = z.infer<typeof PromotionStatus>;
