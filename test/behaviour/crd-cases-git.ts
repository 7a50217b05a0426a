import type { BadSpec } from "./crd-cases.js";

const NO_KEY = "SSH needs a key: set secretRef to a Secret with identity and known_hosts";
const SSH_URL = "url must be a complete SSH URL, for example ssh://git@git.example.com/team/shop.git";
const NO_TRANSPORT = "url must begin with https://, http:// or ssh://, or have the form git@host:path";
const HTTP = "credentials are never sent over http://: use https://, or remove secretRef";
const USERINFO = "url must not contain a user name or password: put them into a Secret and set secretRef";

/** Message for several fields of a ref. */
export const ONE_REF = "at most one of branch, tag, semver, commit and name may be set in ref";

/** Message for a prefix of version tags without a range. */
export const PREFIX_ALONE = "semverPrefix requires semver: add a version range, or remove semverPrefix";

/** Specs of GitRepositories that the API server must refuse. */
export const badRepositorySpecs: readonly BadSpec[] = [
  ...["ssh://git@git.example.com:22/x.git", "git@git.example.com:team/x.git", "git.example.com:team/x.git"].map(
    (url): BadSpec => ({ kind: "GitRepository", set: { url }, field: "spec.secretRef", message: NO_KEY }),
  ),
  ...["git://git.example.com/x", "git+ssh://git@git.example.com/x", "git.example.com/x", "git.example.com:8443/x"].map(
    (url): BadSpec => ({ kind: "GitRepository", set: { url }, field: "spec.url", message: NO_TRANSPORT }),
  ),
  ...["ssh://git@git.example.com", "ssh://git@git.example.com:x/y", "ssh:///x"].map(
    (url): BadSpec => ({
      kind: "GitRepository",
      set: { url, secretRef: { name: "s" } },
      field: "spec.url",
      message: SSH_URL,
    }),
  ),
  {
    kind: "GitRepository",
    set: { url: "ssh://git:pw@git.example.com/x", secretRef: { name: "s" } },
    field: "spec.url",
    message: "url must not contain a password: SSH uses the key in the Secret named in secretRef",
  },
  {
    kind: "GitRepository",
    set: { url: "https:///shop.git" },
    field: "spec.url",
    message: "url must be a complete URL, for example https://git.example.com/team/shop.git",
  },
  { kind: "GitRepository", set: { url: "https://me:pw@git.example.com/x" }, field: "spec.url", message: USERINFO },
  { kind: "GitRepository", set: { url: "https://token@git.example.com/x" }, field: "spec.url", message: USERINFO },
  {
    kind: "GitRepository",
    set: { url: "http://git.example.com/x", secretRef: { name: "s" } },
    field: "spec.url",
    message: HTTP,
  },
  {
    kind: "GitRepository",
    set: { url: "http://localhost.example.com/x", secretRef: { name: "s" } },
    field: "spec.url",
    message: HTTP,
  },
  {
    kind: "GitRepository",
    set: { ref: { branch: "main" }, verify: { mode: "Tag", secretRef: { name: "s" } } },
    field: "spec.verify",
    message: "verify.mode Tag requires ref.tag or ref.semver: set one of them, or use the mode HEAD",
  },
  {
    kind: "GitRepository",
    set: { verify: { since: "a".repeat(40), secretRef: { name: "s" } } },
    field: "spec.verify.since",
    message: "since requires mode Range: remove since, or set mode to Range",
  },
  { kind: "GitRepository", set: { verify: {} }, field: "spec.verify.secretRef", message: "Required value" },
  {
    kind: "GitRepository",
    set: { provider: { type: "Generic", statuses: true } },
    field: "spec.provider.statuses",
    message: "statuses requires the API of a Git host, which type Generic does not have: set type to that of the host",
  },
  {
    kind: "GitRepository",
    set: { provider: { type: "BitbucketCloud", planComments: true } },
    field: "spec.provider.planComments",
    message: "planComments is supported for the types GitHub, GitLab, Gitea and Forgejo",
  },
  {
    kind: "GitRepository",
    set: { provider: { type: "BitbucketCloud", pullRequests: true } },
    field: "spec.provider.pullRequests",
    message: "pullRequests is supported for the types GitHub, GitLab, Gitea and Forgejo",
  },
  ...[
    "http://git.example.com/api/v1",
    "git.example.com",
    "https://git.example.com/api?token=x",
    "https://a:b@git.example.com",
  ].map(
    (apiURL): BadSpec => ({
      kind: "GitRepository",
      set: { provider: { type: "Gitea", apiURL } },
      field: "spec.provider.apiURL",
      message: "apiURL must be an https:// URL without user name, query and fragment; http:// is allowed for localhost",
    }),
  ),
  {
    kind: "GitRepository",
    set: { provider: { type: "github" } },
    field: "spec.provider.type",
    message: "Unsupported value",
  },
  { kind: "GitRepository", set: { webhook: {} }, field: "spec.webhook.secretRef", message: "Required value" },
  { kind: "GitRepository", set: { url: undefined }, field: "spec.url", message: "Required value" },
  { kind: "GitRepository", set: { ref: { branch: "main", tag: "v1" } }, field: "spec.ref", message: ONE_REF },
  {
    kind: "GitRepository",
    set: { ref: { branch: "main", semverPrefix: "shop-" } },
    field: "spec.ref",
    message: PREFIX_ALONE,
  },
  { kind: "GitRepository", set: { ref: { commit: "main" } }, field: "spec.ref.commit", message: "should match" },
  { kind: "GitRepository", set: { interval: "0s" }, field: "spec.interval", message: "must not be shorter than 1s" },
  { kind: "GitRepository", set: { interval: "3 minutes" }, field: "spec.interval", message: "should match" },
  { kind: "GitRepository", set: { timeout: "10m1s" }, field: "spec.timeout", message: "must not be longer than 10m" },
  { kind: "GitRepository", set: { timeout: "10ms" }, field: "spec.timeout", message: "must not be shorter than 1s" },
  {
    kind: "GitRepository",
    set: { allowedNamespaces: ["team-*"] },
    field: "spec.allowedNamespaces[0]",
    message: "should match",
  },
  { kind: "GitRepository", set: { branch: "main" }, field: "spec.branch", message: "unknown field" },
];
