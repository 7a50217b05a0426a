import type { CommitState, GitHostType } from "../../api/git-provider.js";

/** What can be done at a Git host besides Git itself. Also a metrics label. */
export const GIT_HOST_OPERATIONS = ["pull_requests", "checks", "set_status", "comment", "propose_change"] as const;
export type GitHostOperation = (typeof GIT_HOST_OPERATIONS)[number];

/**
 * The API of a Git host, for one repository and credential. Every method throws a GitError whose message names the host, the cause and the
 * remedy, and never a credential: `GIT_PROVIDER_UNSUPPORTED` for an operation that `operations` lacks, `GIT_AUTH_FAILED` and
 * `GIT_PERMISSION_DENIED` for the credential, `GIT_RATE_LIMITED` with `retryAfterMs`, `GIT_HOST_NOT_FOUND`, `GIT_HOST_REFUSED` for a request that
 * the host rejects, `GIT_HOST_PROTOCOL` for an unreadable response, and the errors of a connection.
 */
export interface GitHost {
  readonly type: GitHostType;
  /** Operations that this type of host supports. */
  readonly operations: ReadonlySet<GitHostOperation>;
  /** Returns the merged pull requests that brought `commit` to their base branch, with their reviews. */
  pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]>;
  /** Returns the checks and statuses of a commit: the newest one of each name and app. */
  checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]>;
  /** Sets a commit status. It replaces an earlier one of the same context. */
  setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void>;
  /** Comments that are updated in place; undefined for hosts without support for them here. */
  readonly planComments?: PlanComments;
  /** Pull requests of the operator that are updated in place; undefined for hosts without support for them here. */
  readonly proposals?: ProposalUpdates;
  /** Adds a comment to a pull request. `text` is Markdown. */
  comment(pullRequest: number, text: string, signal: AbortSignal): Promise<void>;
  /**
   * Creates a branch with one commit (Bitbucket Data Center: one per file) and a pull request for it. If the branch exists, it is not written. GitHub,
   * GitLab, Gitea and Forgejo then return its open pull request to the base, or open it, if the branch is what would be created; otherwise,
   * `GIT_HOST_REFUSED`. The others return its open pull request; without one, `GIT_HOST_REFUSED`.
   */
  proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest>;
}

/** A comment on a pull request. */
export interface HostComment {
  readonly id: number;
  readonly body: string;
  /** Whether the user or GitHub App whose credential is used wrote it: others can copy a text, also into a comment that is older. */
  readonly isOwn: boolean;
}

/** What comments that are updated in place need besides `GitHost.comment`. Every method throws a GitError, as those of `GitHost` do. */
export interface PlanComments {
  /** Returns the numbers of the open pull requests whose newest commit is `commit`. */
  pullRequestsAt(commit: string, signal: AbortSignal): Promise<readonly number[]>;
  /** Returns the comments on a pull request, oldest first. `GIT_PERMISSION_DENIED` if the host does not tell whose the credential is. */
  list(pullRequest: number, signal: AbortSignal): Promise<readonly HostComment[]>;
  /** Replaces the text of a comment. */
  edit(pullRequest: number, comment: number, text: string, signal: AbortSignal): Promise<void>;
}

/** What pull requests that are updated in place need besides `GitHost.proposeChange`. Every method throws a GitError, as those of `GitHost` do. */
export interface ProposalUpdates {
  /** Returns a pull request; undefined if there is none of this number. */
  get(pullRequest: number, signal: AbortSignal): Promise<ProposalState | undefined>;
  /** Replaces the difference of its branch to the base, its title and its text. `change.branch` is that of the pull request. */
  update(pullRequest: number, change: ProposedChange, signal: AbortSignal): Promise<void>;
  /** Closes it without a merge, and deletes its branch. */
  close(pullRequest: number, branch: string, signal: AbortSignal): Promise<void>;
}

/** A pull request of the operator, as it is now. */
export interface ProposalState {
  readonly state: "Open" | "Merged" | "Closed";
  readonly branch: string;
  /** Newest commit of its branch. */
  readonly head: string;
}

/** A merged pull request (a merge request at GitLab). */
export interface PullRequest {
  readonly number: number;
  readonly url: string;
  /** Name of the branch that it was merged to. */
  readonly base: string;
  /** Last commit of its branch when it was merged: what reviewers could see. */
  readonly head: string;
  /** Commit that brought it to the base branch, if the host tells. */
  readonly mergeCommit?: string;
  readonly author: HostUser;
  /** Who merged it; undefined if the host does not tell. */
  readonly merger?: HostUser;
  /** The last decision of each reviewer, and remarks of those without one. */
  readonly reviews: readonly Review[];
}

/** A user as the host identifies it, in contrast to the names in commits, which anybody can choose. */
export interface HostUser {
  /** Unique name at the host. */
  readonly name: string;
  /** Lasting ID at the host: names can change owners. */
  readonly id: string;
  /** Whether the host lets users choose the name freely: then it does not identify them. */
  readonly isNameFree?: boolean;
}

/** A review of a pull request. */
export interface Review {
  readonly user: HostUser;
  readonly state: "Approved" | "ChangesRequested" | "Commented" | "Dismissed";
  /** Commit that was reviewed; undefined if the host does not record it. */
  readonly commit?: string;
  /** Whether the reviewer may write to the repository; undefined if the host or the permissions of the credential do not tell. */
  readonly canWrite?: boolean;
}

/** A check or status of a commit. */
export interface Check {
  readonly name: string;
  /** App, or else user, that reported it: names alone can be taken by anyone with write access. Undefined if the host does not tell. */
  readonly app?: string;
  /** Conclusion: `Pending` while it is running; `Neutral` and `Skipped` are neither success nor failure. */
  readonly conclusion: "Success" | "Failure" | "Pending" | "Neutral" | "Skipped" | "Canceled";
  readonly url?: string;
}

/** A commit status to set. */
export interface NewCommitStatus {
  readonly commit: string;
  /** Identifies the status among those of the commit. */
  readonly context: string;
  readonly state: CommitState;
  /** Cut to the limit of the host. */
  readonly description: string;
  readonly targetUrl?: string;
}

/** A branch with one commit, and the pull request for it. */
export interface ProposedChange {
  /** Branch to create; choose the same name for the same change, so that a repetition does nothing. */
  readonly branch: string;
  /** Branch to merge to. */
  readonly base: string;
  /**
   * Commit of the base that `files` come from. GitHub and GitLab begin the branch there; Gitea and Forgejo refuse the change if a file differs
   * in the base meanwhile. So nothing that others have pushed since is undone. Defaults to the newest commit of the base.
   */
  readonly baseCommit?: string;
  readonly message: string;
  /** New content by path; null deletes the file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

/** The pull request of a proposed change. */
export interface ProposedPullRequest {
  readonly number: number;
  readonly url: string;
  /** Whether it was created by this call. */
  readonly created: boolean;
}
