import { z } from "zod";
import type { CommitState } from "../../api/git-provider.js";
import { isGitError } from "../errors.js";
import { type ApiCall, apiPath, type CallContext } from "./api/call.js";
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
import { withWriteAccess } from "./reviews.js";
import { limitedDescription, limitedKey } from "./text.js";

const MAX_DESCRIPTION = 255;
const MAX_KEY = 40;

const User = z.object({ uuid: z.string(), nickname: z.string().nullish(), display_name: z.string().nullish() });
const Links = z.object({ html: z.object({ href: z.string() }) });
const Next = { next: z.string().nullish() };
const Commits = z.object({ values: z.array(z.object({ id: z.number() })), ...Next });
const Pull = z.object({
  id: z.number(),
  state: z.string(),
  links: Links,
  source: z.object({ commit: z.object({ hash: z.string() }).nullish() }),
  destination: z.object({ branch: z.object({ name: z.string() }) }),
  merge_commit: z.object({ hash: z.string() }).nullish(),
  author: User.nullish(),
  closed_by: User.nullish(),
  participants: z.array(z.object({ user: User, approved: z.boolean().nullish(), state: z.string().nullish() })),
});
const Permission = z.object({ permission: z.string() });
const Statuses = z.object({
  values: z.array(
    z.object({ key: z.string(), name: z.string().nullish(), state: z.string(), url: z.string().nullish() }),
  ),
  ...Next,
});
const Proposed = z.object({ id: z.number(), links: Links });
const OpenPulls = z.object({ values: z.array(Proposed) });
const Branch = z.object({ target: z.object({ hash: z.string() }) });

const STATES: Readonly<Record<CommitState, string>> = {
  Pending: "INPROGRESS",
  Success: "SUCCESSFUL",
  Failure: "FAILED",
  Canceled: "STOPPED",
};
const CONCLUSIONS: Readonly<Record<string, Check["conclusion"]>> = {
  SUCCESSFUL: "Success",
  INPROGRESS: "Pending",
  STOPPED: "Canceled",
};
const REVIEW_STATES: Readonly<Record<string, Review["state"]>> = {
  approved: "Approved",
  changes_requested: "ChangesRequested",
};
const GHOST = { uuid: "deleted", nickname: "deleted user" };

/**
 * Bitbucket Cloud. Approvals have no commit, and only permissions that were granted to a user directly can be read, so that those by groups
 * are unknown. Statuses do not tell who set them.
 */
export class BitbucketCloudHost implements GitHost {
  readonly type = "BitbucketCloud";
  readonly operations = new Set(GIT_HOST_OPERATIONS);
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
  }

  async pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
    const path = this.#path("/commit/{}/pullrequests?pagelen=50", commit);
    const found = await this.#pages({ ...call, path, schema: Commits });
    const result: PullRequest[] = [];
    for (const { id } of found) {
      const at = this.#path("/pullrequests/{}", id);
      const { body } = await this.#api.send({ ...call, path: at, schema: Pull, subject: `pull request ${id}` });
      if (body.state === "MERGED") result.push(await this.#pullRequest(body, call));
    }
    return result;
  }

  async #pullRequest(pull: z.infer<typeof Pull>, call: CallContext): Promise<PullRequest> {
    const { id: number, links, source, destination, merge_commit: merge, author, closed_by: merger } = pull;
    const reviews = pull.participants.flatMap(({ user, approved, state }): Review[] => {
      const known = approved ? "Approved" : REVIEW_STATES[state ?? ""];
      return known === undefined ? [] : [{ user: userOf(user), state: known }];
    });
    return {
      ...{ number, url: links.html.href, base: destination.branch.name, head: source.commit?.hash ?? "" },
      author: userOf(author ?? GHOST),
      ...(merge ? { mergeCommit: merge.hash } : {}),
      ...(merger ? { merger: userOf(merger) } : {}),
      reviews: await withWriteAccess(reviews, ({ id }) => this.#canWrite(id, call)),
    };
  }

  /** Reading permissions requires administration of the repository; without it, they are unknown. */
  async #canWrite(user: string, call: CallContext): Promise<boolean | undefined> {
    try {
      const path = this.#path("/permissions-config/users/{}", user);
      const found = await this.#api.find({ ...call, path, schema: Permission });
      return ["admin", "write"].includes(found?.permission ?? "") ? true : undefined;
    } catch (error) {
      if (isGitError(error, "GIT_PERMISSION_DENIED")) return undefined;
      throw error;
    }
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const call = { operation: "checks", subject: `commit ${commit}`, signal } as const;
    const statuses = await this.#pages({
      ...{ ...call, path: this.#path("/commit/{}/statuses?pagelen=100", commit), schema: Statuses },
    });
    return statuses.map(({ key, state, url }) => ({
      ...{ name: key, conclusion: CONCLUSIONS[state] ?? "Failure" },
      ...(url ? { url } : {}),
    }));
  }

  async setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void> {
    const { commit, context, state, description, targetUrl } = status;
    const { web, path } = this.#api.target;
    await this.#api.send({
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: z.unknown() },
      path: this.#path("/commit/{}/statuses/build", commit),
      body: {
        ...{ key: limitedKey(context, MAX_KEY), name: context, state: STATES[state] },
        description: limitedDescription(description, MAX_DESCRIPTION),
        // Required by Bitbucket.
        url: targetUrl ?? `${web}/${path.join("/")}/commits/${commit}`,
      },
    });
  }

  async comment(pullRequest: number, text: string, signal: AbortSignal): Promise<void> {
    await this.#api.send({
      ...{ operation: "comment", method: "POST", subject: `pull request ${pullRequest}`, signal, schema: z.unknown() },
      path: this.#path("/pullrequests/{}/comments", pullRequest),
      body: { content: { raw: text } },
    });
  }

  async proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest> {
    const { branch, base, title, body: description, message, files } = change;
    const call = { operation: "propose_change", subject: "the repository", signal } as const;
    const at = (name: string): string => this.#path("/refs/branches/{}", name);
    if ((await this.#api.find({ ...call, path: at(branch), schema: Branch })) !== undefined)
      return this.#existing(branch, call);
    const parent = await this.#api.send({ ...call, path: at(base), schema: Branch, subject: `branch ${base}` });
    const form = new URLSearchParams({ branch, message, parents: parent.body.target.hash });
    // A field named like a path has its content; the paths of deleted files are in the field `files`.
    for (const [path, content] of Object.entries(files)) {
      if (content === null) form.append("files", path);
      else form.append(`/${path}`, content);
    }
    await this.#api.send({ ...call, method: "POST", path: this.#path("/src"), form, schema: z.unknown() });
    const created = await this.#api.send({
      ...{ ...call, method: "POST", schema: Proposed, path: this.#path("/pullrequests") },
      body: {
        ...{ title, description, close_source_branch: true },
        source: { branch: { name: branch } },
        destination: { branch: { name: base } },
      },
    });
    return { number: created.body.id, url: created.body.links.html.href, created: true };
  }

  async #existing(branch: string, call: CallContext): Promise<ProposedPullRequest> {
    const path = this.#path("/pullrequests?state=OPEN&q={}", `source.branch.name=${JSON.stringify(branch)}`);
    const [pull] = (await this.#api.send({ ...call, path, schema: OpenPulls })).body.values;
    if (pull === undefined) throw noPullRequest(this.#api.target, branch);
    return { number: pull.id, url: pull.links.html.href, created: false };
  }

  #pages<I>(call: ApiCall<{ values: I[]; next?: string | null | undefined }>): Promise<readonly I[]> {
    return this.#api.pages(
      call,
      ({ values }) => values,
      ({ next }) => this.#api.pathOf(next),
    );
  }

  #path(template: string, ...values: readonly (string | number)[]): string {
    const [workspace = "", name = ""] = this.#api.target.path;
    return apiPath(`/repositories/{}/{}${template}`, workspace, name, ...values);
  }
}

function userOf({ uuid, nickname, display_name: shown }: z.infer<typeof User>): HostUser {
  return { name: nickname ?? shown ?? uuid, id: uuid, isNameFree: true };
}
