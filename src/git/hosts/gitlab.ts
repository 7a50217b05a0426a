import { z } from "zod";
import type { CommitState } from "../../api/git-provider.js";
import { isGitError } from "../errors.js";
import { type ApiCall, apiPath, type CallContext } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import { ensureSameChange } from "./existing-branch.js";
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
import { mergeRequestNotes } from "./plan-comments.js";
import { mergeRequestUpdates } from "./proposal-updates.js";
import { withWriteAccess } from "./reviews.js";
import { limitedDescription } from "./text.js";

const MAX_DESCRIPTION = 255;
/** Access level of the role Developer, the lowest one that may push. */
const DEVELOPER = 30;

const User = z.object({ username: z.string(), id: z.number() });
const MergeRequests = z.array(
  z.object({
    iid: z.number(),
    web_url: z.string(),
    state: z.string(),
    target_branch: z.string(),
    sha: z.string(),
    merge_commit_sha: z.string().nullish(),
    squash_commit_sha: z.string().nullish(),
    author: User,
    merged_by: User.nullish(),
    merge_user: User.nullish(),
  }),
);
const Approvals = z.object({ approved_by: z.array(z.object({ user: User })) });
const Member = z.object({ access_level: z.number() });
const Statuses = z.array(
  z.object({
    name: z.string(),
    status: z.string(),
    allow_failure: z.boolean().nullish(),
    target_url: z.string().nullish(),
    author: User.nullish(),
  }),
);
const Proposed = z.object({ iid: z.number(), web_url: z.string() });
const OpenRequests = z.array(Proposed.extend({ source_project_id: z.number(), target_project_id: z.number() }));
const Comparison = z.object({
  commits: z.array(z.object({ parent_ids: z.array(z.string()) })),
  diffs: z.array(z.object({ old_path: z.string(), new_path: z.string() })),
});
const FileContent = z.object({ content: z.string() });

const STATES: Readonly<Record<CommitState, string>> = {
  Pending: "pending",
  Success: "success",
  Failure: "failed",
  Canceled: "canceled",
};
const CONCLUSIONS: Readonly<Record<string, Check["conclusion"]>> = {
  success: "Success",
  failed: "Failure",
  canceled: "Canceled",
  skipped: "Skipped",
  manual: "Neutral",
};
const UNFINISHED: ReadonlySet<string> = new Set([
  ...["created", "waiting_for_resource", "preparing", "pending", "running", "scheduled", "canceling"],
]);

/**
 * GitLab. Approvals have no commit: whether a push withdraws them is a setting of the project. Statuses have no app, but the user whose
 * token set them.
 */
export class GitLabHost implements GitHost {
  readonly type = "GitLab";
  readonly operations = new Set(GIT_HOST_OPERATIONS);
  readonly planComments: PlanComments;
  readonly proposals: ProposalUpdates;
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
    this.planComments = mergeRequestNotes(api, (...path) => this.#path(...path));
    this.proposals = mergeRequestUpdates(
      api,
      (...path) => this.#path(...path),
      async (number, change, signal) => {
        const call = { operation: "propose_change", subject: `merge request ${number}`, signal } as const;
        await this.#commit(change, call, true);
        const body = { title: change.title, description: change.body };
        const path = this.#path("/merge_requests/{}", number);
        await api.send({ ...call, method: "PUT", path, body, schema: z.unknown() });
      },
    );
  }

  async pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
    const path = this.#path("/repository/commits/{}/merge_requests?state=merged&per_page=100", commit);
    const all = await this.#api.pages({ ...call, path, schema: MergeRequests }, (page) => page);
    const result: PullRequest[] = [];
    for (const request of all.filter(({ state }) => state === "merged")) {
      const { iid: number, web_url: url, target_branch: base, sha: head, author } = request;
      const mergeCommit = request.merge_commit_sha ?? request.squash_commit_sha;
      const merger = request.merge_user ?? request.merged_by;
      result.push({
        ...{ number, url, base, head, author: userOf(author) },
        ...(mergeCommit ? { mergeCommit } : {}),
        ...(merger ? { merger: userOf(merger) } : {}),
        reviews: await this.#approvals(number, { ...call, subject: `merge request ${number}` }),
      });
    }
    return result;
  }

  async #approvals(number: number, call: CallContext): Promise<readonly Review[]> {
    const path = this.#path("/merge_requests/{}/approvals", number);
    const { body } = await this.#api.send({ ...call, path, schema: Approvals });
    const reviews = body.approved_by.map(({ user }): Review => ({ user: userOf(user), state: "Approved" }));
    return withWriteAccess(reviews, async ({ id }) => {
      const member = this.#path("/members/all/{}", id);
      const found = await this.#api.find({ ...call, path: member, schema: Member });
      return (found?.access_level ?? 0) >= DEVELOPER;
    });
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const call = { operation: "checks", subject: `commit ${commit}`, signal } as const;
    const path = this.#path("/repository/commits/{}/statuses?per_page=100", commit);
    const statuses = await this.#api.pages({ ...call, path, schema: Statuses }, (page) => page);
    return statuses.map(
      ({ name, status, allow_failure: mayFail, target_url: url, author }): Check => ({
        name,
        ...(author ? { app: author.username } : {}),
        conclusion: conclusionOf(status, mayFail === true),
        ...(url ? { url } : {}),
      }),
    );
  }

  async setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void> {
    const { commit, context, state, description, targetUrl } = status;
    const call: ApiCall<unknown> = {
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: z.unknown() },
      path: this.#path("/statuses/{}", commit),
      body: {
        ...{ state: STATES[state], name: context, description: limitedDescription(description, MAX_DESCRIPTION) },
        ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
      },
    };
    try {
      await this.#api.send(call);
    } catch (error) {
      // GitLab rejects a state that the status already has.
      if (!isGitError(error, "GIT_HOST_REFUSED") || !error.message.includes("Cannot transition status")) throw error;
    }
  }

  async comment(pullRequest: number, body: string, signal: AbortSignal): Promise<void> {
    const subject = `merge request ${pullRequest}`;
    const path = this.#path("/merge_requests/{}/notes", pullRequest);
    await this.#api.send({
      ...{ operation: "comment", method: "POST", subject, signal, schema: z.unknown(), path, body: { body } },
    });
  }

  async proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest> {
    const { branch, base, title, body } = change;
    const call = { operation: "propose_change", subject: "the project", signal } as const;
    const at = this.#path("/repository/branches/{}", branch);
    const existing = await this.#api.find({ ...call, path: at, schema: z.unknown() });
    if (existing === undefined) await this.#commit(change, call, false);
    else {
      await this.#ensureSame(change, call);
      const open = await this.#existing(change, call);
      if (open !== undefined) return open;
    }
    const created = await this.#api.send({
      ...{ ...call, method: "POST", schema: Proposed, path: this.#path("/merge_requests") },
      body: { source_branch: branch, target_branch: base, title, description: body, remove_source_branch: true },
    });
    return { number: created.body.iid, url: created.body.web_url, created: true };
  }

  /** Creates the branch with one commit. `force` replaces one that exists. */
  async #commit(change: ProposedChange, call: CallContext, force: boolean): Promise<void> {
    const { branch, base, baseCommit, message } = change;
    const start = baseCommit === undefined ? { start_branch: base } : { start_sha: baseCommit };
    const actions = await this.#actions(change, call);
    await this.#api.send({
      ...{ ...call, method: "POST", schema: z.unknown(), path: this.#path("/repository/commits") },
      body: { branch, ...start, ...(force ? { force } : {}), commit_message: message, actions },
    });
  }

  async #actions({ files, base, baseCommit }: ProposedChange, call: CallContext): Promise<readonly object[]> {
    const actions: object[] = [];
    for (const [path, content] of Object.entries(files)) {
      const at = this.#path("/repository/files/{}?ref={}", path, baseCommit ?? base);
      const exists =
        (await this.#api.find({ ...call, path: at, schema: z.object({ blob_id: z.string() }) })) !== undefined;
      if (content === null && !exists) continue;
      if (content === null) actions.push({ action: "delete", file_path: path });
      else actions.push({ action: exists ? "update" : "create", file_path: path, content });
    }
    return actions;
  }

  async #ensureSame(change: ProposedChange, call: CallContext): Promise<void> {
    const { branch, base } = change;
    const path = this.#path("/repository/compare?from={}&to={}", base, branch);
    const { commits, diffs } = (await this.#api.send({ ...call, path, schema: Comparison })).body;
    await ensureSameChange(this.#api.target, change, {
      commits: commits.map(({ parent_ids: parents }) => ({ parents: parents.length })),
      changed: diffs.flatMap(({ old_path: old, new_path: path }) => [old, path]),
      contentOf: async (file) => {
        const at = this.#path("/repository/files/{}?ref={}", file, branch);
        return (await this.#api.find({ ...call, path: at, schema: FileContent }))?.content;
      },
    });
  }

  /** Returns the open merge request of the branch to the base. Forks may have branches of the same name. */
  async #existing({ branch, base }: ProposedChange, call: CallContext): Promise<ProposedPullRequest | undefined> {
    const path = this.#path("/merge_requests?state=opened&source_branch={}&target_branch={}", branch, base);
    const requests = (await this.#api.send({ ...call, path, schema: OpenRequests })).body;
    const request = requests.find((one) => one.source_project_id === one.target_project_id);
    return request && { number: request.iid, url: request.web_url, created: false };
  }

  #path(template: string, ...values: readonly (string | number)[]): string {
    return apiPath(`/projects/{}${template}`, this.#api.target.path[0] ?? "", ...values);
  }
}

function conclusionOf(status: string, mayFail: boolean): Check["conclusion"] {
  if (UNFINISHED.has(status)) return "Pending";
  if (status === "failed" && mayFail) return "Neutral";
  return CONCLUSIONS[status] ?? "Failure";
}

function userOf({ username, id }: z.infer<typeof User>): HostUser {
  return { name: username, id: String(id) };
}
