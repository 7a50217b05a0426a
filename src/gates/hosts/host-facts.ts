import type { Check, PullRequest } from "../../git/hosts/git-host.js";

/** What gates may ask the Git host of an app's repository. Requests are bounded, and shared by all apps of a commit. */
export interface HostFacts {
  /**
   * Returns the commits to review, oldest first: those that changed the inputs of the app since the applied ones, without those whose
   * effect was reverted. Throws an Error with the cause if this cannot be found out.
   */
  changesSinceApplied(): Promise<readonly string[]>;
  /** Name of the branch that the app follows; undefined if it follows something else. */
  readonly branch: string | undefined;
  /** Returns the merged pull requests of a commit. Throws GitError. */
  pullRequestsOf(commit: string): Promise<readonly PullRequest[]>;
  /** Returns the checks and statuses of a commit. Throws GitError. */
  checksOf(commit: string): Promise<readonly Check[]>;
}
