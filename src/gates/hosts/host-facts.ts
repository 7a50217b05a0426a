import type { Check, PullRequest } from "../../git/hosts/git-host.js";

/** What gates may ask the Git host of an app's repository. Requests are bounded, and shared by all apps of a commit. */
export interface HostFacts {
  /** Whether `spec.source` of the app was edited since the applied inputs, in any field but `ref`. */
  readonly isSourceEdited: boolean;
  /**
   * Returns the commits to review, oldest first: those that changed the inputs of the app since the applied ones, or since its files did not
   * exist, without those whose effect was reverted. `isComplete` is false if more has led to the inputs. Throws an Error with the cause if
   * this cannot be found out, and an UnfinishedError if it takes several calls.
   */
  changesToReview(): Promise<{ readonly commits: readonly string[]; readonly isComplete: boolean }>;
  /** Name of the branch that the app follows; undefined if it follows something else. */
  readonly branch: string | undefined;
  /** Returns the merged pull requests of a commit. Throws GitError. */
  pullRequestsOf(commit: string): Promise<readonly PullRequest[]>;
  /** Returns the checks and statuses of a commit. Throws GitError. */
  checksOf(commit: string): Promise<readonly Check[]>;
}

/** Something takes longer than one verdict: the gate is judged again soon, and continues where it stopped. */
export class UnfinishedError extends Error {}
