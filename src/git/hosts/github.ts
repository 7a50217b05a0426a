import { z } from "zod";
import type { CommitState } from "../../api/git-provider.js";
import { apiPath, type CallContext } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import {
  type Check,
  GIT_HOST_OPERATIONS,
  type GitHost,
  type HostUser,
  type NewCommitStatus,
  type PlanComments,
  type ProposalUpdates,
  type ProposedChange,
  type ProposedPullRequest,
  type PullRequest,
  type Review,
} from "./git-host.js";
import { GitHubProposal } from "./github-proposal.js";
import { issueComments } from "./plan-comments.js";
import { pullRequestUpdates } from "./proposal-updates.js";
import { lastReviews, withWriteAccess } from "./reviews.js";
import { limitedDescription } from "./text.js";

/** The limit of GitHub for descriptions. */
const MAX_DESCRIPTION = 140;

const User = z.object({ login: z.string(), id: z.number() });
const Pulls = z.array(z.object({ number: z.number(), merged_at: z.string().nullish() }));
const Pull = z.object({
  number: z.number(),
  html_url: z.string(),
  merge_commit_sha: z.string().nullish(),
  head: z.object({ sha: z.string() }),
  base: z.object({ ref: z.string() }),
  user: User.nullish(),
  merged_by: User.nullish(),
});
const Reviews = z.array(z.object({ user: User.nullish(), state: z.string(), commit_id: z.string().nullish() }));
const Permission = z.object({ permission: z.string() });
const CheckRuns = z.object({
  check_runs: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      conclusion: z.string().nullish(),
      html_url: z.string().nullish(),
      app: z.object({ id: z.number() }).nullish(),
    }),
  ),
});
const Statuses = z.array(
  z.object({
    context: z.string(),
    state: z.string(),
    target_url: z.string().nullish(),
    creator: User.nullish(),
  }),
);
const Anything = z.unknown();

const STATES: Readonly<Record<CommitState, string>> = {
  Pending: "pending",
  Success: "success",
  Failure: "failure",
  Canceled: "error",
};

const REVIEW_STATES: Readonly<Record<string, Review["state"]>> = {
  APPROVED: "Approved",
  CHANGES_REQUESTED: "ChangesRequested",
  COMMENTED: "Commented",
  DISMISSED: "Dismissed",
};

const CONCLUSIONS: Readonly<Record<string, Check["conclusion"]>> = {
  success: "Success",
  failure: "Failure",
  timed_out: "Failure",
  action_required: "Failure",
  startup_failure: "Failure",
  stale: "Failure",
  error: "Failure",
  pending: "Pending",
  neutral: "Neutral",
  skipped: "Skipped",
  cancelled: "Canceled",
};

/** A user whose account was deleted. */
const GHOST = { login: "ghost", id: 0 };

/** GitHub and GitHub Enterprise. */
export class GitHubHost implements GitHost {
  readonly type = "GitHub";
  readonly operations = new Set(GIT_HOST_OPERATIONS);
  readonly planComments: PlanComments;
  readonly proposals: ProposalUpdates;
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
    this.planComments = issueComments(
      api,
      (...path) => this.#path(...path),
      (commit) => this.#path("/commits/{}/pulls?per_page=100", commit),
      "?per_page=100",
    );
    this.proposals = pullRequestUpdates(
      api,
      (...path) => this.#path(...path),
      (branch) => this.#path("/git/refs/heads/{}", branch).replaceAll("%2F", "/"),
      (number, change, signal) => new GitHubProposal(api, change, signal).replace(number),
    );
  }

  async pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
    const path = this.#path("/commits/{}/pulls?per_page=100", commit);
    const pulls = await this.#api.pages({ ...call, path, schema: Pulls }, (page) => page);
    const merged = pulls.filter((pull) => typeof pull.merged_at === "string");
    const result: PullRequest[] = [];
    for (const { number } of merged) result.push(await this.#pullRequest(number, signal));
    return result;
  }

  async #pullRequest(number: number, signal: AbortSignal): Promise<PullRequest> {
    const call = { operation: "pull_requests", subject: `pull request ${number}`, signal } as const;
    const pull = await this.#api.send({ ...call, path: this.#path("/pulls/{}", number), schema: Pull });
    const { html_url: url, head, base, user, merged_by: merger, merge_commit_sha: mergeCommit } = pull.body;
    return {
      ...{ number, url, base: base.ref, head: head.sha, author: userOf(user ?? GHOST) },
      ...(mergeCommit ? { mergeCommit } : {}),
      ...(merger ? { merger: userOf(merger) } : {}),
      reviews: await this.#reviews(number, call),
    };
  }

  async #reviews(number: number, call: CallContext) {
    const path = this.#path("/pulls/{}/reviews?per_page=100", number);
    const all = await this.#api.pages({ ...call, path, schema: Reviews }, (page) => page);
    const reviews = all.flatMap(({ user, state, commit_id: commit }): Review[] => {
      const known = REVIEW_STATES[state];
      if (!user || known === undefined) return [];
      return [{ user: userOf(user), state: known, ...(commit ? { commit } : {}) }];
    });
    return withWriteAccess(lastReviews(reviews), async ({ name }) => {
      const found = await this.#api.find({
        ...call,
        path: this.#path("/collaborators/{}/permission", name),
        schema: Permission,
      });
      return ["admin", "write"].includes(found?.permission ?? "none");
    });
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const call = { operation: "checks", subject: `commit ${commit}`, signal } as const;
    const runs = await this.#api.pages(
      { ...call, path: this.#path("/commits/{}/check-runs?per_page=100&filter=latest", commit), schema: CheckRuns },
      (page) => page.check_runs,
    );
    // Newest first: the first one of a context and creator counts.
    const statuses = await this.#api.pages(
      { ...call, path: this.#path("/commits/{}/statuses?per_page=100", commit), schema: Statuses },
      (page) => page,
    );
    const checks = runs.map(
      ({ name, status, conclusion, html_url: url, app }): Check => ({
        name,
        ...(app ? { app: String(app.id) } : {}),
        conclusion: status === "completed" ? (CONCLUSIONS[conclusion ?? ""] ?? "Failure") : "Pending",
        ...(url ? { url } : {}),
      }),
    );
    const newest = new Map<string, Check>();
    for (const { context, state, target_url: url, creator } of statuses) {
      const key = `${context}\n${creator?.id ?? ""}`;
      const app = creator ? { app: creator.login } : {};
      const check = { name: context, ...app, conclusion: CONCLUSIONS[state] ?? "Failure", ...(url ? { url } : {}) };
      if (!newest.has(key)) newest.set(key, check);
    }
    return [...checks, ...newest.values()];
  }

  async setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void> {
    const { commit, context, state, description, targetUrl } = status;
    await this.#api.send({
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: Anything },
      path: this.#path("/statuses/{}", commit),
      body: {
        ...{ state: STATES[state], context, description: limitedDescription(description, MAX_DESCRIPTION) },
        ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
      },
    });
  }

  async comment(pullRequest: number, body: string, signal: AbortSignal): Promise<void> {
    await this.#api.send({
      ...{ operation: "comment", method: "POST", subject: `pull request ${pullRequest}`, signal, schema: Anything },
      path: this.#path("/issues/{}/comments", pullRequest),
      body: { body },
    });
  }

  proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest> {
    return new GitHubProposal(this.#api, change, signal).open();
  }

  #path(template: string, ...values: readonly (string | number)[]): string {
    const [owner = "", name = ""] = this.#api.target.path;
    return apiPath(`/repos/{}/{}${template}`, owner, name, ...values);
  }
}

function userOf({ login, id }: z.infer<typeof User>): HostUser {
  return { name: login, id: String(id) };
}
