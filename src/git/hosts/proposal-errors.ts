import { GitError } from "../errors.js";
import type { HostTarget } from "./api/target.js";
import type { ProposedChange } from "./git-host.js";

/** Returns the error for a branch that exists, but has other commits than the change and may be of another user. */
export function otherBranch({ path, api }: HostTarget, { branch, base }: ProposedChange): GitError {
  return new GitError(
    "GIT_HOST_REFUSED",
    `cannot open a pull request at ${api}: the branch ${branch} of ${path.join("/")} exists, and is not one commit on ${base} with exactly the proposed files; delete the branch`,
  );
}

/** Returns the error for a branch of an earlier call whose pull request was closed or merged. */
export function noPullRequest({ path, api }: HostTarget, branch: string): GitError {
  return new GitError(
    "GIT_HOST_REFUSED",
    `cannot open a pull request at ${api}: the branch ${branch} of ${path.join("/")} exists and has no open pull request; delete the branch, or choose another name`,
  );
}
