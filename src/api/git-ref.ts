import { z } from "zod";
import { atomicMap, withRules } from "./fields.js";

/** Which revision of a repository is wanted. Nothing set means the remote's HEAD. */
export const GitRef = withRules(
  atomicMap(
    z
      .object({
        branch: z.string().min(1).max(255).optional().describe("A branch: the newest commit on it."),
        tag: z.string().min(1).max(255).optional().describe("A tag, without refs/tags/."),
        semver: z
          .string()
          .min(1)
          .max(255)
          .optional()
          .describe(
            "A range over version tags: 1.x, ~1.2, ^1.2.3, 1.2 - 1.4, or comparisons like >=1.2.0, <2.0.0; a comma or a space means and, || means or. The highest match counts. A bare version is that version alone, and 1.2 is 1.2.x. Pre-releases count only where the range names one: >=1.0.0-0 or 1.x-0 takes those of all versions, >=1.0.0-rc.1 those of 1.0.0 alone, and <2.0.0 leaves those of 2.0.0 out. Tags may begin with v, and have two numbers.",
          ),
        commit: z
          .string()
          .max(40)
          .regex(/^[0-9a-f]{40}$/)
          .optional()
          .describe("A commit id of 40 hex digits."),
        name: z
          .string()
          .min(1)
          .max(255)
          .optional()
          .describe("A full ref name, like refs/heads/main or refs/pull/12/head."),
      })
      .describe("Which revision: exactly one of branch, tag, semver, commit or name. Left out: the remote's HEAD."),
  ),
  [
    {
      rule: "[has(self.branch), has(self.tag), has(self.semver), has(self.commit), has(self.name)].filter(x, x).size() <= 1",
      message: "set only one of branch, tag, semver, commit and name in ref",
    },
  ],
);
export type GitRef = z.infer<typeof GitRef>;
