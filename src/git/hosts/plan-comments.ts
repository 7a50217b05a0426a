import { z } from "zod";
import { isGitError } from "../errors.js";
import type { ApiCall, CallContext } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import { unknownUser } from "./api/failures.js";
import type { HostComment, PlanComments } from "./git-host.js";

/** Builds a path of the repository's API. */
type PathOf = (template: string, ...values: readonly (string | number)[]) => string;

const Pulls = z.array(z.object({ number: z.number(), state: z.string(), head: z.object({ sha: z.string() }) }));
const Author = z.object({ id: z.number(), type: z.string().nullish() });
const App = z.object({ id: z.number(), client_id: z.string().nullish() });
const Comments = z.array(
  z.object({ id: z.number(), body: z.string(), user: Author.nullish(), performed_via_github_app: App.nullish() }),
);
const Notes = z.array(z.object({ id: z.number(), body: z.string(), author: Author.nullish() }));
const MergeRequests = z.array(z.object({ iid: z.number(), state: z.string(), sha: z.string().nullish() }));

/** Comments of GitHub, Gitea and Forgejo, where they belong to issues. `pulls` lists pull requests, among them those of the commit. */
export function issueComments(
  api: HostApi,
  pathOf: PathOf,
  pulls: (commit: string) => string,
  page: string,
): PlanComments {
  return {
    pullRequestsAt: async (commit, signal) => {
      const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
      const all = await listOf(api, { ...call, path: pulls(commit), schema: Pulls });
      return all.filter(({ state, head }) => state === "open" && head.sha === commit).map(({ number }) => number);
    },
    list: async (number, signal) => {
      const call = { operation: "comment", subject: `pull request ${number}`, signal } as const;
      const path = pathOf(`/issues/{}/comments${page}`, number);
      const isOwn = await ownOf(api, call);
      const all = await listOf(api, { ...call, path, schema: Comments });
      return inOrder(
        all.map(({ id, body, user, performed_via_github_app: app }) => ({ id, body, isOwn: isOwn({ user, app }) })),
      );
    },
    edit: async (number, comment, body, signal) => {
      const call = { operation: "comment", subject: `the comment on pull request ${number}`, signal } as const;
      const path = pathOf("/issues/comments/{}", comment);
      await api.send({ ...call, method: "PATCH", path, body: { body }, schema: z.unknown() });
    },
  };
}

/** Notes of GitLab. */
export function mergeRequestNotes(api: HostApi, pathOf: PathOf): PlanComments {
  return {
    pullRequestsAt: async (commit, signal) => {
      const call = { operation: "pull_requests", subject: `commit ${commit}`, signal } as const;
      const path = pathOf("/repository/commits/{}/merge_requests?state=opened&per_page=100", commit);
      const all = await listOf(api, { ...call, path, schema: MergeRequests });
      return all.filter(({ state, sha }) => state === "opened" && sha === commit).map(({ iid }) => iid);
    },
    list: async (number, signal) => {
      const call = { operation: "comment", subject: `merge request ${number}`, signal } as const;
      const path = pathOf("/merge_requests/{}/notes?sort=asc&order_by=created_at&per_page=100", number);
      const isOwn = await ownOf(api, call);
      const all = await listOf(api, { ...call, path, schema: Notes });
      return inOrder(all.map(({ id, body, author: user }) => ({ id, body, isOwn: isOwn({ user }) })));
    },
    edit: async (number, comment, body, signal) => {
      const call = { operation: "comment", subject: `the note on merge request ${number}`, signal } as const;
      const path = pathOf("/merge_requests/{}/notes/{}", number, comment);
      await api.send({ ...call, method: "PUT", path, body: { body }, schema: z.unknown() });
    },
  };
}

function listOf<I>(api: HostApi, call: ApiCall<I[]>): Promise<readonly I[]> {
  return api.pages(call, (page) => page);
}

/** Who wrote a comment: `app` is set for what a GitHub App does, also as a user. */
interface Writer {
  readonly user: z.infer<typeof Author> | null | undefined;
  readonly app?: z.infer<typeof App> | null | undefined;
}

/** Returns what tells whether a comment was written with the credential. The token of a GitHub App has no user to ask for. */
async function ownOf(api: HostApi, call: CallContext): Promise<(writer: Writer) => boolean> {
  const own = api.target.remote.credential?.githubApp;
  if (own !== undefined)
    return ({ user, app }) => user?.type === "Bot" && !!app && [String(app.id), app.client_id].includes(own.id);
  try {
    const id = await api.ownUser(call);
    return ({ user }) => user?.id === id;
  } catch (error) {
    throw isGitError(error, "GIT_PERMISSION_DENIED", "GIT_HOST_NOT_FOUND") ? unknownUser(api.target) : error;
  }
}

/** By ID, since the order of pages differs between hosts. */
function inOrder(comments: readonly HostComment[]): readonly HostComment[] {
  return [...comments].sort((one, two) => one.id - two.id);
}
