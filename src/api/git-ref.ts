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
            "A range over version tags, like 1.x or >=1.2.0 <2.0.0: the highest match. Pre-releases only where the range names one.",
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
