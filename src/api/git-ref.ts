import { z } from "zod";
import { atomicMap, withRules } from "./fields.js";

/** Revision of a repository. Without any field set, the HEAD of the remote. */
export const GitRef = withRules(
  atomicMap(
    z
      .object({
        branch: z.string().min(1).max(255).optional().describe("Branch to follow."),
        tag: z.string().min(1).max(255).optional().describe("Tag, without refs/tags/."),
        semver: z
          .string()
          .min(1)
          .max(255)
          .optional()
          .describe(
            "Semantic version range over tags; the highest matching tag is used. Supports 1.x, ~1.2, ^1.2.3, 1.2 - 1.4 and comparisons such as >=1.2.0, <2.0.0; a comma or space means AND, || means OR. A bare version matches only itself; 1.2 means 1.2.x. Pre-releases match only if the range names one: >=1.0.0-0 and 1.x-0 include those of all versions, >=1.0.0-rc.1 only those of 1.0.0; <2.0.0 excludes those of 2.0.0. Tags may start with v and may have two numbers.",
          ),
        semverPrefix: z
          .string()
          .min(1)
          .max(200)
          .regex(/^[^\s~^:?*[\\]+$/)
          .optional()
          .describe(
            "Prefix of the tags that semver selects from, for example shop- for shop-1.2.0 and shop-v1.2.0. The rest of the tag is the version. If unset, only tags that are versions are considered. Requires semver.",
          ),
        commit: z
          .string()
          .max(40)
          .regex(/^[0-9a-f]{40}$/)
          .optional()
          .describe("Commit ID with 40 hexadecimal digits."),
        name: z
          .string()
          .min(1)
          .max(255)
          .optional()
          .describe("Full ref name, for example refs/heads/main or refs/pull/12/head."),
      })
      .describe(
        "Revision to use. At most one of branch, tag, semver, commit and name may be set. Defaults to the HEAD of the remote.",
      ),
  ),
  [
    {
      rule: "[has(self.branch), has(self.tag), has(self.semver), has(self.commit), has(self.name)].filter(x, x).size() <= 1",
      message: "at most one of branch, tag, semver, commit and name may be set in ref",
    },
    {
      rule: "!has(self.semverPrefix) || has(self.semver)",
      message: "semverPrefix requires semver: add a version range, or remove semverPrefix",
    },
  ],
);
export type GitRef = z.infer<typeof GitRef>;
