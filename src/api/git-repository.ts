import { z } from "zod";
import { atomicList, duration, localRef, NAMESPACE_PATTERN, withRules } from "./fields.js";
import { GitRef } from "./git-ref.js";
import type { CustomResource } from "./meta.js";
import { SSH_ADDRESS, SSH_UNSUPPORTED } from "./ssh.js";
import { conditions, lastHandledReconcileAt, observedGeneration } from "./status-fields.js";

/** What a user asks of a repository. */
export const GitRepositorySpec = withRules(
  z
    .object({
      url: withRules(
        z
          .string()
          .min(1)
          .max(2048)
          .describe(
            "Address of the repository: https://…; http:// only without a secretRef, or on this machine. No user name and password in it. SSH is not supported yet.",
          ),
        [
          // Each address breaks one rule only: two messages for one mistake are one too many.
          { rule: `!self.matches('${SSH_ADDRESS}')`, message: SSH_UNSUPPORTED },
          {
            rule: `self.startsWith('https://') || self.startsWith('http://') || self.matches('${SSH_ADDRESS}')`,
            message: "url must begin with https:// or http://",
          },
          {
            rule: "!self.matches('^https?://') || isURL(self) && url(self).getHostname() != ''",
            message: "url must be a complete address, like https://git.example.com/team/shop.git",
          },
          {
            rule: "!self.matches('^https?://[^/?#]*@')",
            message: "url must not hold a user name or password: put them into a Secret and name it in secretRef",
          },
        ],
      ),
      ref: GitRef.optional(),
      interval: duration("How often to ask the remote for its refs.", "3m", "1s"),
      timeout: duration("Longest time for one list of the refs, and for one fetch.", "60s", "1s", "10m"),
      secretRef: localRef(
        "Secret with the credential: username and password, or token, or bearerToken; and, where needed, ca.crt, tls.crt and tls.key.",
      ).optional(),
      webhook: z
        .object({
          secretRef: localRef(
            "Secret whose key token is what the Git host signs its webhooks with: 16 random characters or more. Without the right signature nothing is accepted.",
          ),
        })
        .optional()
        .describe("Be told of pushes, instead of noticing them at the next interval. status.webhookPath says where."),
      allowedNamespaces: atomicList(
        z
          .string()
          .min(1)
          .max(63)
          .regex(new RegExp(`^[*]$|${NAMESPACE_PATTERN.source}`)),
        100,
        "Namespaces besides its own whose apps may use this repository; * allows all.",
      ).optional(),
      suspend: z.boolean().default(false).describe("Stop asking the remote. What was fetched stays in use."),
    })
    .describe("Where a repository is, which revision of it is wanted, and how to sign in."),
  [
    {
      rule: "!has(self.secretRef) || !self.url.startsWith('http://') || self.url.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/]|$)')",
      message: "a credential is never sent over http://: use https://, or leave out secretRef",
      fieldPath: ".url",
    },
  ],
);
export type GitRepositorySpec = z.infer<typeof GitRepositorySpec>;

/** What the operator says of a repository. */
export const GitRepositoryStatus = z
  .object({
    observedGeneration,
    conditions: conditions("Ready, Fetched; while they hold: Reconciling, Stalled."),
    revision: z.string().max(512).optional().describe("The revision in use, like main@sha1:6f3c…."),
    shortRevision: z
      .string()
      .max(512)
      .optional()
      .describe("The revision in use with 7 digits of its commit, for the columns of kubectl get."),
    message: z
      .string()
      .max(256)
      .optional()
      .describe("What is in the way, or that all is well, for the columns of kubectl get."),
    commit: z
      .object({
        id: z.string().max(64).describe("Commit id."),
        author: z.string().max(256).describe("Who wrote it."),
        message: z.string().max(256).describe("First line of its message."),
        time: z.iso.datetime().describe("When it was made."),
      })
      .optional()
      .describe("The commit of the revision in use."),
    lastFetchTime: z.iso.datetime().optional().describe("When the revision in use was fetched."),
    webhookPath: z
      .string()
      .max(512)
      .optional()
      .describe("Path at which webhooks of this repository are received, behind the address of the server."),
    lastHandledReconcileAt,
  })
  .describe("What was fetched, and whether all is well.");
export type GitRepositoryStatus = z.infer<typeof GitRepositoryStatus>;

/** A Git repository that apps take their documents from. */
export type GitRepository = CustomResource<GitRepositorySpec, GitRepositoryStatus>;
