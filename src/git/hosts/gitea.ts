import { z } from "zod";
import type { CommitState } from "../../api/git-provider.js";
import { apiPath, type CallContext } from "./api/call.js";
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
import { issueComments } from "./plan-comments.js";
import { pullRequestUpdates } from "./proposal-updates.js";
import { lastReviews, withWriteAccess } from "./reviews.js";
import { limitedDescription } from "./text.js";

const MAX_DESCRIPTION = 255;
const PAGE = 50;

const User = z.object({ login: z.string(), id: z.number() });
const Pull = z.object({
  number: z.number(),
  html_url: z.string(),
  merged: z.boolean().nullish(),
  merge_commit_sha: z.string().nullish(),
  head: z.object({ sha: z.string() }),
  base: z.object({ ref: z.string() }),
  user: User.nullish(),
  merged_by: User.nullish(),
});
const Reviews = z.array(
  z.object({
    user: User.nullish(),
    state: z.string(),
    dismissed: z.boolean().nullish(),
    commit_id: z.string().nullish(),
  }),
);
const Permission = z.object({ permission: z.string() });
const Statuses = z.array(
  z.object({
    id: z.number(),
    context: z.string(),
    status: z.string(),
    target_url: z.string().nullish(),
    creator: User.nullish(),
  }),
);
const Content = z.object({ sha: z.string(), content: z.string().nullish() });
const ChangedFiles = z.array(z.object({ filename: z.string() }));
const Proposed = z.object({ number: z.number(), html_url: z.string() });
const End = z.object({ ref: z.string(), repo_id: z.number() });
const OpenPulls = z.array(Proposed.extend({ head: End, base: End }));
const Comparison = z.object({
  commits: z
    .array(z.object({ sha: z.string(), parents: z.array(z.unknown()).nullish(), files: ChangedFiles.nullish() }))
    .nullish(),
});

const STATES: Readonly<Record<CommitState, string>> = {
  Pending: "pending",
  Success: "success",
  Failure: "failure",
  Canceled: "warning",
};
const CONCLUSIONS: Readonly<Record<string, Check["conclusion"]>> = {
  success: "Success",
  pending: "Pending",
  warning: "Neutral",
  skipped: "Skipped",
};
const REVIEW_STATES: Readonly<Record<string, Review["state"]>> = {
  APPROVED: "Approved",
  REQUEST_CHANGES: "ChangesRequested",
  COMMENT: "Commented",
};
const WRITERS: ReadonlySet<string> = new Set(["owner", "admin", "write"]);
/** The user of deleted accounts. */
const GHOST = { login: "Ghost", id: -1 };

/** Gitea and Forgejo. */
export class GiteaHost implements GitHost {
  readonly type: "Gitea" | "Forgejo";
  readonly operations = new Set(GIT_HOST_OPERATIONS);
  readonly planComments: PlanComments;
  readonly proposals: ProposalUpdates;
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
    this.planComments = issueComments(
      api,
      (...path) => this.#path(...path),
      () => this.#path(`/pulls?state=open&limit=${PAGE}`),
      "",
    );
    this.proposals = pullRequestUpdates(
      api,
      (...path) => this.#path(...path),
      (branch) => this.#path("/branches/{}", branch),
      (...call) => this.#updateProposal(...call),
    );
    this.type = api.target.type === "Forgejo" ? "Forgejo" : "Gitea";
  }

  async pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
    // 404 for a commit that was pushed without a pull request, and for one that does not exist.
    const pull = await this.#api.find({ ...call, path: this.#path("/commits/{}/pull", commit), schema: Pull });
    if (pull?.merged !== true) return [];
    const { number, html_url: url, head, base, user, merged_by: merger, merge_commit_sha: mergeCommit } = pull;
    const request: PullRequest = {
      ...{ number, url, base: base.ref, head: head.sha, author: userOf(user ?? GHOST) },
      ...(mergeCommit ? { mergeCommit } : {}),
      ...(merger ? { merger: userOf(merger) } : {}),
      reviews: await this.#reviews(number, { ...call, subject: `pull request ${number}` }),
    };
    return [request];
  }

  async #reviews(number: number, call: CallContext): Promise<readonly Review[]> {
    const path = this.#path(`/pulls/{}/reviews?limit=${PAGE}`, number);
    const all = await this.#api.pages({ ...call, path, schema: Reviews }, (page) => page);
    const reviews = all.flatMap(({ user, state, dismissed, commit_id: commit }): Review[] => {
      const known = dismissed ? "Dismissed" : REVIEW_STATES[state];
      if (!user || known === undefined) return [];
      return [{ user: userOf(user), state: known, ...(commit ? { commit } : {}) }];
    });
    return withWriteAccess(lastReviews(reviews), ({ name }) => this.#canWrite(name, call));
  }

  async #canWrite(user: string, call: CallContext): Promise<boolean> {
    const path = this.#path("/collaborators/{}/permission", user);
    const found = await this.#api.find({ ...call, path, schema: Permission });
    return WRITERS.has(found?.permission ?? "none");
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const call = { operation: "checks", subject: `commit ${commit}`, signal } as const;
    const path = this.#path(`/commits/{}/statuses?limit=${PAGE}`, commit);
    const statuses = await this.#api.pages({ ...call, path, schema: Statuses }, (page) => page);
    const newest = new Map<string, Check>();
    // By ID, since the order that the parameter sort gives differs between versions.
    for (const { context, status, target_url: url, creator } of [...statuses].sort((one, two) => one.id - two.id)) {
      const app = creator ? { app: creator.login } : {};
      const check = { name: context, ...app, conclusion: CONCLUSIONS[status] ?? "Failure", ...(url ? { url } : {}) };
      newest.set(`${context}\n${creator?.id ?? ""}`, check);
    }
    return [...newest.values()];
  }

  async setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void> {
    const { commit, context, state, description, targetUrl } = status;
    await this.#api.send({
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: z.unknown() },
      path: this.#path("/statuses/{}", commit),
      body: {
        ...{ state: STATES[state], context, description: limitedDescription(description, MAX_DESCRIPTION) },
        ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
      },
    });
  }

  async comment(pullRequest: number, body: string, signal: AbortSignal): Promise<void> {
    const subject = `pull request ${pullRequest}`;
    const path = this.#path("/issues/{}/comments", pullRequest);
    await this.#api.send({
      ...{ operation: "comment", method: "POST", subject, signal, schema: z.unknown(), path, body: { body } },
    });
  }

  async proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest> {
    const { branch, base, title, body, message } = change;
    const call = { operation: "propose_change", subject: "the repository", signal } as const;
    const branchCall = { ...call, path: this.#path("/branches/{}", branch), schema: z.unknown() };
    if ((await this.#api.find(branchCall)) === undefined) {
      const files = await this.#operations(change, call, change.baseCommit ?? base);
      await this.#api.send({
        ...{ ...call, method: "POST", schema: z.unknown(), path: this.#path("/contents") },
        body: { branch: base, new_branch: branch, message, files },
      });
    } else {
      await this.#ensureSame(change, call);
      const existing = await this.#existing(change, call);
      if (existing !== undefined) return existing;
    }
    const created = await this.#api.send({
      ...{ ...call, method: "POST", schema: Proposed, path: this.#path("/pulls") },
      body: { head: branch, base, title, body },
    });
    return { number: created.body.number, url: created.body.html_url, created: true };
  }

  /** A branch cannot be set to another commit: the files of before are restored by a further one. */
  async #updateProposal(number: number, change: ProposedChange, signal: AbortSignal): Promise<void> {
    const call = { operation: "propose_change", subject: `pull request ${number}`, signal } as const;
    const path = this.#path(`/pulls/{}/files?limit=${PAGE}`, number);
    const before = await this.#api.pages({ ...call, path, schema: ChangedFiles }, (page) => page);
    const files: Record<string, string | null> = { ...change.files };
    for (const { filename } of before) {
      if (Object.hasOwn(files, filename)) continue;
      const at = this.#contentPath(filename, change.baseCommit ?? change.base);
      const { content } = (await this.#api.find({ ...call, path: at, schema: Content })) ?? {};
      files[filename] = typeof content === "string" ? Buffer.from(content, "base64").toString("utf8") : null;
    }
    const { branch, message, title, body } = change;
    const operations = await this.#operations({ ...change, files }, call, branch);
    if (operations.length > 0)
      await this.#api.send({
        ...{ ...call, method: "POST", schema: z.unknown(), path: this.#path("/contents") },
        body: { branch, message, files: operations },
      });
    const edit = { ...call, method: "PATCH", schema: z.unknown(), path: this.#path("/pulls/{}", number) } as const;
    await this.#api.send({ ...edit, body: { title, body } });
  }

  #contentPath(path: string, ref: string): string {
    const parts = path.split("/");
    return this.#path(`/contents/${apiPath(parts.map(() => "{}").join("/"), ...parts)}?ref={}`, ref);
  }

  /** Whether a file is created or updated depends on whether it exists; the version read is the one that is replaced. */
  async #operations({ files }: ProposedChange, call: CallContext, ref: string): Promise<readonly object[]> {
    const operations: object[] = [];
    for (const [path, content] of Object.entries(files)) {
      const at = this.#contentPath(path, ref);
      const sha = (await this.#api.find({ ...call, path: at, schema: Content }))?.sha;
      if (content === null && sha === undefined) continue;
      const encoded = content === null ? {} : { content: Buffer.from(content).toString("base64") };
      const operation = content === null ? "delete" : sha === undefined ? "create" : "update";
      operations.push({ operation, path, ...encoded, ...(sha === undefined ? {} : { sha }) });
    }
    return operations;
  }

  async #ensureSame(change: ProposedChange, call: CallContext): Promise<void> {
    const { branch, base } = change;
    const path = this.#path("/compare/{}...{}", base, branch);
    const commits = (await this.#api.send({ ...call, path, schema: Comparison })).body.commits ?? [];
    await ensureSameChange(this.#api.target, change, {
      commits: commits.map(({ parents }) => ({ parents: parents?.length ?? 0 })),
      // A commit whose files the host does not tell is not known to be the same.
      changed: commits.flatMap(({ files }) => files ?? [{ filename: "" }]).map(({ filename }) => filename),
      contentOf: async (file) => {
        const at = this.#contentPath(file, branch);
        return (await this.#api.find({ ...call, path: at, schema: Content }))?.content ?? undefined;
      },
    });
  }

  /** Returns the open pull request of the branch to the base. Forks may have branches of the same name. */
  async #existing({ branch, base }: ProposedChange, call: CallContext): Promise<ProposedPullRequest | undefined> {
    const path = this.#path(`/pulls?state=open&base_branch={}&limit=${PAGE}`, base);
    const pulls = await this.#api.pages({ ...call, path, schema: OpenPulls }, (page) => page);
    const pull = pulls.find(
      (one) => one.head.ref === branch && one.base.ref === base && one.head.repo_id === one.base.repo_id,
    );
    return pull && { number: pull.number, url: pull.html_url, created: false };
  }

  #path(template: string, ...values: readonly (string | number)[]): string {
    const [owner = "", name = ""] = this.#api.target.path;
    return apiPath(`/repos/{}/{}${template}`, owner, name, ...values);
  }
}

function userOf({ login, id }: z.infer<typeof User>): HostUser {
  return { name: login, id: String(id) };
}
