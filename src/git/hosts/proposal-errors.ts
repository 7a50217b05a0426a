import { GitError } from "../errors.js";
import type { HostTarget } from "./api/target.js";

/** Returns the error for a branch of an earlier call whose pull request was closed or merged. */
export function noPullRequest({ path, api }: HostTarget, branch: string): GitError {
  return new GitError(
    "GIT_HOST_REFUSED",
    `cannot open a pull request at ${api}: the branch ${branch} of ${path.join("/")} exists and has no open pull request; delete the branch, or choose another name`,
  );
}
