import type { GitHostType } from "../../../api/git-provider.js";
import type { GitHostOperation } from "../git-host.js";

type Permissions = Readonly<Record<GitHostOperation, string>>;

const GITHUB: Permissions = {
  pull_requests: "the permission Pull requests: read and Metadata: read (classic tokens: the scope repo)",
  checks: "the permissions Checks: read and Commit statuses: read (classic tokens: the scope repo)",
  set_status: "the permission Commit statuses: read and write (classic tokens: the scope repo:status)",
  comment: "the permission Pull requests: read and write (classic tokens: the scope repo)",
  propose_change:
    "the permissions Contents: read and write, and Pull requests: read and write (classic tokens: the scope repo)",
};
const GITEA: Permissions = {
  pull_requests: "the scope read:repository",
  checks: "the scope read:repository",
  set_status: "the scope write:repository, and its user write access to the repository",
  comment: "the scope write:issue",
  propose_change: "the scope write:repository, and its user write access to the repository",
};

/** Permissions of a token that each operation requires, for messages and in docs/git/hosts.md. */
export const REQUIRED_PERMISSIONS: Readonly<Record<GitHostType, Permissions>> = {
  GitHub: GITHUB,
  GitLab: {
    pull_requests: "the scope read_api and the role Reporter",
    checks: "the scope read_api and the role Reporter",
    set_status: "the scope api and the role Developer",
    comment: "the scope api and the role Reporter",
    propose_change: "the scope api and the role Developer",
  },
  Gitea: GITEA,
  Forgejo: GITEA,
  BitbucketCloud: {
    pull_requests:
      "the scopes repository and pullrequest (API tokens: read:repository:bitbucket and read:pullrequest:bitbucket)",
    checks: "the scope repository (API tokens: read:repository:bitbucket)",
    set_status: "the scope repository (API tokens: read:repository:bitbucket)",
    comment: "the scope pullrequest (API tokens: write:pullrequest:bitbucket)",
    propose_change:
      "the scopes repository:write and pullrequest:write (API tokens: write:repository:bitbucket and write:pullrequest:bitbucket)",
  },
  BitbucketDataCenter: {
    pull_requests: "the permission Repository read",
    checks: "the permission Repository read",
    set_status: "the permission Repository read",
    comment: "the permission Repository read",
    propose_change: "the permission Repository write",
  },
  AzureDevOps: {
    pull_requests: "the scope Code (read)",
    checks: "the scope Code (read)",
    set_status: "the scope Code (status)",
    comment: "the scope Code (read and write)",
    propose_change: "the scope Code (read and write)",
  },
  Generic: { pull_requests: "", checks: "", set_status: "", comment: "", propose_change: "" },
};

/** Permissions that a token of a GitHub App is limited to, by operation. */
export const APP_PERMISSIONS: Readonly<Record<GitHostOperation, Readonly<Record<string, "read" | "write">>>> = {
  pull_requests: { pull_requests: "read", metadata: "read" },
  checks: { checks: "read", statuses: "read" },
  set_status: { statuses: "write" },
  comment: { pull_requests: "write" },
  propose_change: { contents: "write", pull_requests: "write" },
};

/** What an operation does, to complete a sentence such as "cannot …". */
export const OPERATION_TEXT: Readonly<Record<GitHostOperation, string>> = {
  pull_requests: "read pull requests",
  checks: "read checks",
  set_status: "set a commit status",
  comment: "comment on a pull request",
  propose_change: "open a pull request",
};
