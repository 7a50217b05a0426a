import { z } from "zod";
import { localRef, withRules } from "./fields.js";

/** Git hosts whose API the operator knows. Generic is any other: its API is not used. */
export const GIT_HOST_TYPES = [
  "GitHub",
  "GitLab",
  "Gitea",
  "Forgejo",
  "BitbucketCloud",
  "BitbucketDataCenter",
  "AzureDevOps",
  "Generic",
] as const;
export type GitHostType = (typeof GIT_HOST_TYPES)[number];

/** `spec.provider` of a GitRepository. */
export const GitProvider = withRules(
  z
    .object({
      type: z
        .enum(GIT_HOST_TYPES)
        .optional()
        .describe(
          "Type of the Git host. If unset, it is recognized by the host name in url: github.com, *.ghe.com, gitlab.com, gitea.com, codeberg.org, bitbucket.org, dev.azure.com, *.visualstudio.com, and names that begin with github., gitlab., gitea., forgejo. or bitbucket. Other hosts are Generic, whose API is not used.",
        ),
      apiURL: withRules(z.string().min(1).max(2048), [
        {
          rule: "self.matches('^https://[^/?#@]+(/[^?#]*)?$') || self.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/][^?#@]*)?$')",
          message:
            "apiURL must be an https:// URL without user name, query and fragment; http:// is allowed for localhost",
        },
      ])
        .describe(
          "URL of the API, for example https://github.example.com/api/v3. Defaults to the usual address at the host of url.",
        )
        .optional(),
      secretRef: localRef(
        "Secret with the credential for the API: token, or username and password, or bearerToken, or the keys of a GitHub App; optional keys: ca.crt, and tls.crt with tls.key. Defaults to secretRef of the repository, which must not be an SSH key then.",
      ).optional(),
      statuses: z
        .boolean()
        .default(false)
        .describe(
          "Report each app of this repository as a status of the commit that it applies: pending, success or failure, with the context overseer/NAMESPACE/APP. Defaults to false.",
        ),
      planComments: z
        .boolean()
        .optional()
        .describe(
          "Comment the plan of a Change that waits, or that was only planned, on the open pull requests whose newest commit is that of the Change: one comment per app, updated in place, readable by everybody who can read the pull request. Values of Secrets are not shown. For GitHub, GitLab, Gitea and Forgejo. Defaults to false.",
        ),
      pullRequests: z
        .boolean()
        .optional()
        .describe(
          "Permit Environments with promotion.pullRequests to open, update and close pull requests in this repository, for apps that read it. The credential must be able to write branches. For GitHub, GitLab, Gitea and Forgejo. Defaults to false.",
        ),
    })
    .describe("The Git host, for what Git itself does not offer: pull requests, reviews, checks and commit statuses."),
  [
    {
      rule: "!has(self.statuses) || !self.statuses || !has(self.type) || self.type != 'Generic'",
      message:
        "statuses requires the API of a Git host, which type Generic does not have: set type to that of the host",
      fieldPath: ".statuses",
    },
    {
      rule: "!has(self.planComments) || !self.planComments || !has(self.type) || self.type in ['GitHub', 'GitLab', 'Gitea', 'Forgejo']",
      message: "planComments is supported for the types GitHub, GitLab, Gitea and Forgejo",
      fieldPath: ".planComments",
    },
    {
      rule: "!has(self.pullRequests) || !self.pullRequests || !has(self.type) || self.type in ['GitHub', 'GitLab', 'Gitea', 'Forgejo']",
      message: "pullRequests is supported for the types GitHub, GitLab, Gitea and Forgejo",
      fieldPath: ".pullRequests",
    },
  ],
);
export type GitProvider = z.infer<typeof GitProvider>;

/** States of a commit status that the operator reports. */
export const COMMIT_STATES = ["Pending", "Success", "Failure", "Canceled"] as const;
export type CommitState = (typeof COMMIT_STATES)[number];

/** The last commit status that was reported for an app. */
export const ReportedCommitStatus = z
  .object({
    commit: z.string().max(64).describe("Commit ID."),
    key: z.string().max(64).describe("Key of the inputs that the status is about."),
    state: z.enum(COMMIT_STATES).describe("Reported state."),
    reason: z.string().max(1024).describe("Reason for the state, in CamelCase."),
  })
  .describe("Commit status that was last reported to the Git host, with spec.provider.statuses of the GitRepository.");
export type ReportedCommitStatus = z.infer<typeof ReportedCommitStatus>;
