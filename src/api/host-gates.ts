import { z } from "zod";

/** Which reviews a commit must have had. */
export const ReviewRule = z
  .object({
    required: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .describe("Number of users who must have approved the pull request. Defaults to 1."),
  })
  .describe(
    "Every commit that changes the inputs of an app must have come by a merged pull request that users with write permission, other than its author, have approved as it was merged. Requires spec.provider of the GitRepository.",
  );
export type ReviewRule = z.infer<typeof ReviewRule>;

/** A check that a commit must have passed. */
export const CheckRule = z
  .object({
    name: z.string().min(1).max(256).describe("Name of the check or context of the status, for example ci/test."),
    app: z
      .string()
      .min(1)
      .max(256)
      .describe(
        "Who must have reported it: the app ID at GitHub, otherwise the user name. A check of the same name by another one does not count.",
      ),
  })
  .describe("A check or status of the commit that must be a success.");
export type CheckRule = z.infer<typeof CheckRule>;
