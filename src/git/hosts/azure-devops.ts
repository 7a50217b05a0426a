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
  type ProposedChange,
  type ProposedPullRequest,
  type PullRequest,
  type Review,
} from "./git-host.js";
import { noPullRequest } from "./proposal-errors.js";
import { limitedDescription } from "./text.js";

const VERSION = "api-version=7.1";
const MAX_DESCRIPTION = 255;
const BRANCH = "refs/heads/";

const User = z.object({ id: z.string(), uniqueName: z.string().nullish(), displayName: z.string().nullish() });
const Commit = z.object({ commitId: z.string() });
const Pull = z.object({
  pullRequestId: z.number(),
  status: z.string(),
  targetRefName: z.string(),
  lastMergeSourceCommit: Commit.nullish(),
  lastMergeCommit: Commit.nullish(),
  createdBy: User,
  closedBy: User.nullish(),
  reviewers: z.array(User.extend({ vote: z.number(), isContainer: z.boolean().nullish() })),
});
const Query = z.object({ results: z.array(z.record(z.string(), z.array(z.object({ pullRequestId: z.number() })))) });
const Statuses = z.object({
  value: z.array(
    z.object({
      state: z.string(),
      context: z.object({ name: z.string(), genre: z.string().nullish() }),
      targetUrl: z.string().nullish(),
      createdBy: User.nullish(),
    }),
  ),
});
const Refs = z.object({ value: z.array(z.object({ name: z.string(), objectId: z.string() })) });
const Items = z.object({ value: z.array(z.object({ path: z.string() })) });
const Proposed = z.object({ pullRequestId: z.number() });
const OpenPulls = z.object({ value: z.array(Proposed) });

const STATES: Readonly<Record<CommitState, string>> = {
  Pending: "pending",
  Success: "succeeded",
  Failure: "failed",
  Canceled: "notApplicable",
};
const CONCLUSIONS: Readonly<Record<string, Check["conclusion"]>> = {
  succeeded: "Success",
  pending: "Pending",
  notSet: "Pending",
  notApplicable: "Neutral",
};
/** Votes of reviewers; 0 is none, and 5 approves with suggestions. */
const VOTES: Readonly<Record<number, Review["state"]>> = {
  10: "Approved",
  5: "Approved",
  [-5]: "ChangesRequested",
  [-10]: "ChangesRequested",
};

/** Azure DevOps. Votes have no commit, and permissions of reviewers cannot be read. */
export class AzureDevOpsHost implements GitHost {
  readonly type = "AzureDevOps";
  readonly operations = new Set(GIT_HOST_OPERATIONS);
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
  }

  async pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
    const types = ["lastMergeCommit", "commit"];
    const found = await this.#api.send({
      ...{ ...call, method: "POST", path: this.#path("/pullrequestquery"), schema: Query },
      body: { queries: types.map((type) => ({ type, items: [commit] })) },
    });
    const numbers = new Set(
      found.body.results.flatMap((one) => Object.values(one).flat()).map((one) => one.pullRequestId),
    );
    const result: PullRequest[] = [];
    for (const number of numbers) {
      const path = this.#path("/pullrequests/{}", number);
      const { body } = await this.#api.send({ ...call, path, schema: Pull, subject: `pull request ${number}` });
      if (body.status === "completed") result.push(this.#pullRequest(body));
    }
    return result;
  }

  #pullRequest(pull: z.infer<typeof Pull>): PullRequest {
    const { pullRequestId: number, targetRefName: base, lastMergeCommit: merge, closedBy: merger } = pull;
    return {
      ...{ number, url: this.#pageOf(number), base: base.replace(BRANCH, "") },
      ...{ head: pull.lastMergeSourceCommit?.commitId ?? "", author: userOf(pull.createdBy) },
      ...(merge ? { mergeCommit: merge.commitId } : {}),
      ...(merger ? { merger: userOf(merger) } : {}),
      // A container is a group: its vote is that of a member, who is listed as well.
      reviews: pull.reviewers.flatMap((user): Review[] => {
        const state = VOTES[user.vote];
        return state === undefined || user.isContainer ? [] : [{ user: userOf(user), state }];
      }),
    };
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const call = { operation: "checks", subject: `commit ${commit}`, signal } as const;
    const path = this.#path("/commits/{}/statuses?latestOnly=true&top=1000", commit);
    const { body } = await this.#api.send({ ...call, path, schema: Statuses });
    return body.value.map(({ state, context: { name, genre }, targetUrl: url, createdBy }) => ({
      name: genre ? `${genre}/${name}` : name,
      ...(createdBy ? { app: userOf(createdBy).name } : {}),
      conclusion: CONCLUSIONS[state] ?? "Failure",
      ...(url ? { url } : {}),
    }));
  }

  async setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void> {
    const { commit, context, state, description, targetUrl } = status;
    const [genre = "", ...name] = context.split("/");
    await this.#api.send({
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: z.unknown() },
      path: this.#path("/commits/{}/statuses", commit),
      body: {
        ...{ state: STATES[state], description: limitedDescription(description, MAX_DESCRIPTION) },
        context: { genre, name: name.join("/") },
        ...(targetUrl === undefined ? {} : { targetUrl }),
      },
    });
  }

  async comment(pullRequest: number, content: string, signal: AbortSignal): Promise<void> {
    await this.#api.send({
      ...{ operation: "comment", method: "POST", subject: `pull request ${pullRequest}`, signal, schema: z.unknown() },
      path: this.#path("/pullRequests/{}/threads", pullRequest),
      body: { comments: [{ parentCommentId: 0, content, commentType: "text" }], status: "active" },
    });
  }

  async proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest> {
    const { branch, base, title, body: description, message } = change;
    const call = { operation: "propose_change", subject: `branch ${base}`, signal } as const;
    if ((await this.#head(branch, call)) !== undefined) return this.#existing(change, call);
    const parent = await this.#head(base, call);
    const changes = await this.#changes(change, call);
    await this.#api.send({
      ...{ ...call, method: "POST", path: this.#path("/pushes"), schema: z.unknown() },
      // A new branch that begins at the commit of the base.
      body: { refUpdates: [{ name: BRANCH + branch, oldObjectId: parent }], commits: [{ comment: message, changes }] },
    });
    const created = await this.#api.send({
      ...{ ...call, method: "POST", path: this.#path("/pullrequests"), schema: Proposed },
      body: { sourceRefName: BRANCH + branch, targetRefName: BRANCH + base, title, description },
    });
    const number = created.body.pullRequestId;
    return { number, url: this.#pageOf(number), created: true };
  }

  /** Whether a file is added or edited depends on whether it exists. */
  async #changes({ files, base }: ProposedChange, call: CallContext): Promise<readonly object[]> {
    const changes: object[] = [];
    for (const [path, content] of Object.entries(files)) {
      const query = `/items?scopePath={}&versionDescriptor.version={}&versionDescriptor.versionType=branch`;
      const at = this.#path(query, `/${path}`, base);
      const exists = (await this.#api.find({ ...call, path: at, schema: Items })) !== undefined;
      if (content === null && !exists) continue;
      const item = { path: `/${path}` };
      if (content === null) changes.push({ changeType: "delete", item });
      else changes.push({ changeType: exists ? "edit" : "add", item, newContent: { content, contentType: "rawtext" } });
    }
    return changes;
  }

  async #head(branch: string, call: CallContext): Promise<string | undefined> {
    const { body } = await this.#api.send({
      ...call,
      path: this.#path("/refs?filter={}", `heads/${branch}`),
      schema: Refs,
    });
    return body.value.find(({ name }) => name === BRANCH + branch)?.objectId;
  }

  async #existing({ branch }: ProposedChange, call: CallContext): Promise<ProposedPullRequest> {
    const query = "/pullrequests?searchCriteria.status=active&searchCriteria.sourceRefName={}";
    const path = this.#path(query, BRANCH + branch);
    const [pull] = (await this.#api.send({ ...call, path, schema: OpenPulls })).body.value;
    if (pull === undefined) throw noPullRequest(this.#api.target, branch);
    return { number: pull.pullRequestId, url: this.#pageOf(pull.pullRequestId), created: false };
  }

  #pageOf(number: number): string {
    const [project = "", name = ""] = this.#api.target.path.map(encodeURIComponent);
    return `${this.#api.target.web}/${project}/_git/${name}/pullrequest/${number}`;
  }

  #path(template: string, ...values: readonly (string | number)[]): string {
    const [project = "", name = ""] = this.#api.target.path;
    const path = apiPath(`/{}/_apis/git/repositories/{}${template}`, project, name, ...values);
    return `${path}${path.includes("?") ? "&" : "?"}${VERSION}`;
  }
}

function userOf({ id, uniqueName, displayName }: z.infer<typeof User>): HostUser {
  return { name: uniqueName ?? displayName ?? id, id, ...(uniqueName ? {} : { isNameFree: true }) };
}
