import { z } from "zod";
import { atomicList, duration, localRef, namespaceList, withRules } from "./fields.js";
import { GitProvider } from "./git-provider.js";
import { GitRef } from "./git-ref.js";
import type { CustomResource } from "./meta.js";
import { SSH_ADDRESS } from "./ssh.js";
import { conditions, lastHandledReconcileAt, observedGeneration } from "./status-fields.js";
import { RepositoryVerification, VerifiedRevision } from "./verification.js";

/** Spec of a GitRepository. */
export const GitRepositorySpec = withRules(
  z
    .object({
      url: withRules(
        z
          .string()
          .min(1)
          .max(2048)
          .describe(
            "URL of the repository: https://…, ssh://git@host/path, or git@host:path. http:// is allowed without secretRef, or for localhost. Must not contain a password, or, except for SSH, a user name. SSH requires secretRef.",
          ),
        [
          // The rules exclude each other, so that one mistake gives one message.
          {
            rule: `self.startsWith('https://') || self.startsWith('http://') || self.matches('${SSH_ADDRESS}')`,
            message: "url must begin with https://, http:// or ssh://, or have the form git@host:path",
          },
          {
            rule: "!self.matches('^https?://') || isURL(self) && url(self).getHostname() != ''",
            message: "url must be a complete URL, for example https://git.example.com/team/shop.git",
          },
          {
            rule: "!self.matches('(?i)^ssh://') || self.matches('(?i)^ssh://([^/?#@]+@)?([^/?#@:]+|[[][0-9a-f:.]+[]])(:[0-9]{1,5})?/.')",
            message: "url must be a complete SSH URL, for example ssh://git@git.example.com/team/shop.git",
          },
          {
            rule: "!self.matches('^https?://[^/?#]*@')",
            message: "url must not contain a user name or password: put them into a Secret and set secretRef",
          },
          {
            rule: "!self.matches('(?i)^ssh://[^/?#@]*:[^/?#@]*@')",
            message: "url must not contain a password: SSH uses the key in the Secret named in secretRef",
          },
        ],
      ),
      ref: GitRef.optional(),
      interval: duration("Interval at which the refs of the remote are polled.", "3m", "1s"),
      timeout: duration("Timeout of each listing of refs and of each fetch.", "60s", "1s", "10m"),
      secretRef: localRef(
        "Secret with credentials. For HTTPS: username and password, or token, or bearerToken, or githubAppID, githubAppInstallationID and githubAppPrivateKey; optional keys: ca.crt, and tls.crt with tls.key for a client certificate. For SSH: identity (the private key), known_hosts, and password if the key is encrypted. Secrets of Flux and Argo CD can be used unchanged. If unset, the repository is read anonymously.",
      ).optional(),
      proxySecretRef: localRef(
        "Secret with a proxy for this repository: address (http://, https:// or socks5://), and optionally username and password. If unset, the proxy in the operator's environment is used, if any, except for SSH.",
      ).optional(),
      provider: GitProvider.optional(),
      recurseSubmodules: z
        .boolean()
        .optional()
        .describe(
          "Read submodules as directories. Only those below the paths that apps read are fetched, at the commit that the repository records. Credentials and proxy are used for submodules on the server in url only; others are read anonymously. Defaults to false: submodules are ignored.",
        ),
      verify: RepositoryVerification.optional(),
      webhook: z
        .object({
          secretRef: localRef(
            "Secret whose key token is the webhook secret of the Git host. The token must have at least 16 characters. Requests without a valid signature are rejected.",
          ),
        })
        .optional()
        .describe(
          "Receive push events from the Git host, at the path in status.webhookPath. If unset, new commits are found at the next interval.",
        ),
      allowedNamespaces: namespaceList(
        "Namespaces, other than its own, whose apps may use this repository. * allows all namespaces. Defaults to none.",
      ).optional(),
      suspend: z
        .boolean()
        .default(false)
        .describe("Stop polling the remote. The last fetched revision stays in use. Defaults to false."),
    })
    .describe("Location, revision and credentials of the repository."),
  [
    {
      rule: "!has(self.verify) || self.verify.mode != 'Tag' || has(self.ref) && (has(self.ref.tag) || has(self.ref.semver) || has(self.ref.name) && self.ref.name.startsWith('refs/tags/'))",
      message: "verify.mode Tag requires ref.tag or ref.semver: set one of them, or use the mode HEAD",
      fieldPath: ".verify",
    },
    {
      rule: "!has(self.secretRef) || !self.url.startsWith('http://') || self.url.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])([:/]|$)')",
      message: "credentials are never sent over http://: use https://, or remove secretRef",
      fieldPath: ".url",
    },
    {
      rule: `has(self.secretRef) || !self.url.matches('${SSH_ADDRESS}')`,
      message: "SSH needs a key: set secretRef to a Secret with identity and known_hosts",
      fieldPath: ".secretRef",
    },
  ],
);
export type GitRepositorySpec = z.infer<typeof GitRepositorySpec>;

/** Status of a GitRepository. */
export const GitRepositoryStatus = z
  .object({
    observedGeneration,
    conditions: conditions(
      "Conditions of the repository: Ready and Fetched, Verified with spec.verify, StatusesReported with spec.provider.statuses, and Reconciling and Stalled while they are True.",
    ),
    revision: z.string().max(512).optional().describe("Revision in use, for example main@sha1:6f3c…."),
    shortRevision: z
      .string()
      .max(512)
      .optional()
      .describe("Revision in use with a 7-digit commit ID, as shown by kubectl get."),
    message: z.string().max(256).optional().describe("Message of the condition Ready, as shown by kubectl get."),
    commit: z
      .object({
        id: z.string().max(64).describe("Commit ID."),
        author: z.string().max(256).describe("Author of the commit."),
        message: z.string().max(256).describe("First line of the commit message."),
        time: z.iso.datetime().describe("Commit time."),
      })
      .optional()
      .describe("Commit of the revision in use."),
    lastFetchTime: z.iso.datetime().optional().describe("Time at which the revision in use was fetched."),
    verified: atomicList(
      VerifiedRevision,
      100,
      "Last verified commit of each ref in use. With verify.mode Range, the commits after it are verified.",
    ).optional(),
    webhookPath: z
      .string()
      .max(512)
      .optional()
      .describe("URL path that receives webhooks of this repository. Append it to the address of the role server."),
    lastHandledReconcileAt,
  })
  .describe("Revision in use and state of the repository. Written by the operator.");
export type { VerifiedRevision } from "./verification.js";
export type GitRepositoryStatus = z.infer<typeof GitRepositoryStatus>;

/** A Git repository that apps read their documents from. */
export type GitRepository = CustomResource<GitRepositorySpec, GitRepositoryStatus>;
