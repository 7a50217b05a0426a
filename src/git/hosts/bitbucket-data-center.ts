import { z } from "zod";
import type { CommitState } from "../../api/git-provider.js";
import { isGitError } from "../errors.js";
import { type ApiCall, apiPath, type CallContext } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import { proposeAtDataCenter } from "./bitbucket-proposal.js";
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
import { withWriteAccess } from "./reviews.js";
import { limitedDescription, limitedKey } from "./text.js";

const MAX_TEXT = 255;
const LIMIT = 100;

const Page = { isLastPage: z.boolean().nullish(), nextPageStart: z.number().nullish() };
const User = z.object({ name: z.string(), id: z.number() });
const Pulls = z.object({
  ...Page,
  values: z.array(
    z.object({
      id: z.number(),
      state: z.string(),
      fromRef: z.object({ latestCommit: z.string() }),
      toRef: z.object({ displayId: z.string() }),
      author: z.object({ user: User }),
      reviewers: z.array(z.object({ user: User, status: z.string(), lastReviewedCommit: z.string().nullish() })),
      properties: z.object({ mergeCommit: z.object({ id: z.string() }).nullish() }).nullish(),
      links: z.object({ self: z.array(z.object({ href: z.string() })) }),
    }),
  ),
});
const Activities = z.object({ ...Page, values: z.array(z.object({ action: z.string(), user: User.nullish() })) });
const Users = z.object({ ...Page, values: z.array(z.object({ user: User, permission: z.string() })) });
const Builds = z.object({
  ...Page,
  values: z.array(z.object({ key: z.string(), state: z.string(), url: z.string().nullish() })),
});

const STATES: Readonly<Record<CommitState, string>> = {
  Pending: "INPROGRESS",
  Success: "SUCCESSFUL",
  Failure: "FAILED",
  Canceled: "CANCELLED",
};
const CONCLUSIONS: Readonly<Record<string, Check["conclusion"]>> = {
  SUCCESSFUL: "Success",
  INPROGRESS: "Pending",
  CANCELLED: "Canceled",
  UNKNOWN: "Pending",
};
const REVIEW_STATES: Readonly<Record<string, Review["state"]>> = {
  APPROVED: "Approved",
  NEEDS_WORK: "ChangesRequested",
};

interface Paged<I> {
  values: I[];
  isLastPage?: boolean | null | undefined;
  nextPageStart?: number | null | undefined;
}

/** Bitbucket Data Center. Only permissions that were granted to a user directly can be read, by administrators of the repository. */
export class BitbucketDataCenterHost implements GitHost {
  readonly type = "BitbucketDataCenter";
  readonly operations = new Set(GIT_HOST_OPERATIONS);
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
  }

  async pullRequestsOf(commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
    const all = await this.#pages({ ...call, path: this.#path("/commits/{}/pull-requests", commit), schema: Pulls });
    const result: PullRequest[] = [];
    for (const pull of all.filter(({ state }) => state === "MERGED")) {
      const { id: number, fromRef, toRef, author, properties, links } = pull;
      const context = { ...call, subject: `pull request ${number}` };
      const merger = await this.#merger(number, context);
      const reviews = pull.reviewers.flatMap(({ user, status, lastReviewedCommit: reviewed }): Review[] => {
        const state = REVIEW_STATES[status];
        return state === undefined ? [] : [{ user: userOf(user), state, ...(reviewed ? { commit: reviewed } : {}) }];
      });
      result.push({
        ...{ number, url: links.self[0]?.href ?? "", base: toRef.displayId, head: fromRef.latestCommit },
        ...{ author: userOf(author.user) },
        ...(properties?.mergeCommit ? { mergeCommit: properties.mergeCommit.id } : {}),
        ...(merger ? { merger } : {}),
        reviews: await withWriteAccess(reviews, (user) => this.#canWrite(user, context)),
      });
    }
    return result;
  }

  async #merger(number: number, call: CallContext): Promise<HostUser | undefined> {
    const path = this.#path("/pull-requests/{}/activities", number);
    const activities = await this.#pages({ ...call, path, schema: Activities });
    const merge = activities.find(({ action }) => action === "MERGED");
    return merge?.user ? userOf(merge.user) : undefined;
  }

  async #canWrite({ name, id }: HostUser, call: CallContext): Promise<boolean | undefined> {
    try {
      const path = this.#path("/permissions/users?filter={}", name);
      const users = await this.#pages({ ...call, path, schema: Users });
      const own = users.find(({ user }) => String(user.id) === id);
      return ["REPO_WRITE", "REPO_ADMIN"].includes(own?.permission ?? "") ? true : undefined;
    } catch (error) {
      if (isGitError(error, "GIT_PERMISSION_DENIED", "GIT_AUTH_FAILED")) return undefined;
      throw error;
    }
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const call = { operation: "checks", subject: `commit ${commit}`, signal } as const;
    const path = apiPath("/build-status/latest/commits/{}", commit);
    const builds = await this.#pages({ ...call, path, schema: Builds });
    return builds.map(({ key, state, url }) => ({
      ...{ name: key, conclusion: CONCLUSIONS[state] ?? "Failure" },
      ...(url ? { url } : {}),
    }));
  }

  async setStatus(status: NewCommitStatus, signal: AbortSignal): Promise<void> {
    const { commit, context, state, description, targetUrl } = status;
    const { web, path } = this.#api.target;
    const [project = "", name = ""] = path;
    await this.#api.send({
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: z.unknown() },
      path: this.#path("/commits/{}/builds", commit),
      body: {
        ...{ key: limitedKey(context, MAX_TEXT), name: limitedKey(context, MAX_TEXT), state: STATES[state] },
        description: limitedDescription(description, MAX_TEXT),
        // Required by Bitbucket.
        url: targetUrl ?? `${web}/projects/${project}/repos/${name}/commits/${commit}`,
      },
    });
  }

  async comment(pullRequest: number, text: string, signal: AbortSignal): Promise<void> {
    await this.#api.send({
      ...{ operation: "comment", method: "POST", subject: `pull request ${pullRequest}`, signal, schema: z.unknown() },
      ...{ path: this.#path("/pull-requests/{}/comments", pullRequest), body: { text } },
    });
  }

  proposeChange(change: ProposedChange, signal: AbortSignal): Promise<ProposedPullRequest> {
    return proposeAtDataCenter(this.#api, change, signal);
  }

  #pages<I>(call: ApiCall<Paged<I>>): Promise<readonly I[]> {
    const join = call.path.includes("?") ? "&" : "?";
    return this.#api.pages(
      { ...call, path: `${call.path}${join}limit=${LIMIT}` },
      ({ values }) => values,
      ({ isLastPage, nextPageStart: start }) =>
        isLastPage !== false || start == null ? undefined : `${call.path}${join}limit=${LIMIT}&start=${start}`,
    );
  }

  #path(template: string, ...values: readonly (string | number)[]): string {
    const [project = "", name = ""] = this.#api.target.path;
    return apiPath(`/api/latest/projects/{}/repos/{}${template}`, project, name, ...values);
  }
}

function userOf({ name, id }: z.infer<typeof User>): HostUser {
  return { name, id: String(id) };
}
