import { z } from "zod";
import { GitError } from "../errors.js";
import { apiPath, type CallContext } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import type { ProposedChange, ProposedPullRequest } from "./git-host.js";
import { noPullRequest } from "./proposal-errors.js";

const MAX_COMMITS = 100;

const Branches = z.object({ values: z.array(z.object({ id: z.string(), latestCommit: z.string() })) });
const Commits = z.object({ values: z.array(z.object({ id: z.string() })) });
const Edited = z.object({ id: z.string() });
const Entry = z.object({ type: z.string() });
const Pull = z.object({
  id: z.number(),
  state: z.string(),
  links: z.object({ self: z.array(z.object({ href: z.string() })) }),
});
const Pulls = z.object({ values: z.array(Pull) });

/**
 * Opens a pull request at Bitbucket Data Center, whose API edits one file per commit: the branch gets a commit for each file, in the order
 * of their paths. A repetition after a crash continues with the file that is missing. Its API cannot delete files.
 */
export async function proposeAtDataCenter(
  api: HostApi,
  change: ProposedChange,
  signal: AbortSignal,
): Promise<ProposedPullRequest> {
  const { branch, base, title, body: description } = change;
  const call = { operation: "propose_change", subject: "the repository", signal } as const;
  const files = filesOf(api, change);
  const known = await tipOf(api, branch, call);
  const pulls = known === undefined ? [] : await pullsOf(api, branch, call);
  const open = pulls.find(({ state }) => state === "OPEN");
  if (open !== undefined) return { number: open.id, url: urlOf(open), created: false };
  if (pulls.length > 0) throw noPullRequest(api.target, branch);
  const start = await tipOf(api, base, call);
  if (start === undefined)
    throw new GitError(
      "GIT_HOST_NOT_FOUND",
      `cannot open a pull request at ${api.target.api}: there is no branch ${base}`,
    );
  let tip = known ?? start;
  const done = known === undefined ? 0 : await commitsBetween(api, start, known, call);
  for (const [path, content] of files.slice(done)) tip = await edit(api, change, { path, content, tip }, call);
  const ref = (name: string) => ({ id: `refs/heads/${name}`, repository: repositoryOf(api) });
  const created = await api.send({
    ...{ ...call, method: "POST", schema: Pull, path: pathOf(api, "/pull-requests") },
    body: { title, description, fromRef: ref(branch), toRef: ref(base) },
  });
  return { number: created.body.id, url: urlOf(created.body), created: true };
}

function filesOf(
  { target }: HostApi,
  { files }: ProposedChange,
): readonly (readonly [path: string, content: string])[] {
  return Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => {
      if (content !== null) return [path, content] as const;
      throw new GitError(
        "GIT_HOST_REFUSED",
        `cannot open a pull request at ${target.api}: the API of Bitbucket Data Center cannot delete ${path}; delete it with Git`,
      );
    });
}

async function tipOf(api: HostApi, branch: string, call: CallContext): Promise<string | undefined> {
  const path = pathOf(api, "/branches?filterText={}&limit=100", branch);
  const { values } = (await api.send({ ...call, path, schema: Branches })).body;
  return values.find(({ id }) => id === `refs/heads/${branch}`)?.latestCommit;
}

async function pullsOf(api: HostApi, branch: string, call: CallContext): Promise<readonly z.infer<typeof Pull>[]> {
  const path = pathOf(api, "/pull-requests?direction=OUTGOING&state=ALL&at={}&limit=100", `refs/heads/${branch}`);
  return (await api.send({ ...call, path, schema: Pulls })).body.values;
}

async function commitsBetween(api: HostApi, since: string, until: string, call: CallContext): Promise<number> {
  const path = pathOf(api, "/commits?since={}&until={}&limit={}", since, until, MAX_COMMITS);
  return (await api.send({ ...call, path, schema: Commits })).body.values.length;
}

/** Commits one file to the branch, which the first commit creates. Returns the new tip. */
async function edit(
  api: HostApi,
  { branch, base, message }: ProposedChange,
  { path, content, tip }: { readonly path: string; readonly content: string; readonly tip: string },
  call: CallContext,
): Promise<string> {
  const at = pathOf(api, `/browse/${path.split("/").map(encodeURIComponent).join("/")}`);
  const exists = await api.find({ ...call, path: `${at}?at=${tip}&type=true`, schema: Entry });
  const { body } = await api.send({
    ...{ ...call, method: "PUT", path: at, schema: Edited },
    multipart: {
      ...{ branch, sourceBranch: base, message },
      // The file as it was before; without it, the file is new.
      ...(exists === undefined ? {} : { sourceCommitId: tip }),
      content,
    },
  });
  return body.id;
}

function urlOf({ links }: z.infer<typeof Pull>): string {
  return links.self[0]?.href ?? "";
}

function repositoryOf({ target }: HostApi): { readonly slug: string; readonly project: { readonly key: string } } {
  const [key = "", slug = ""] = target.path;
  return { slug, project: { key } };
}

function pathOf({ target }: HostApi, template: string, ...values: readonly (string | number)[]): string {
  const [project = "", name = ""] = target.path;
  return apiPath(`/api/latest/projects/{}/repos/{}${template}`, project, name, ...values);
}
