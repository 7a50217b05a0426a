import { z } from "zod";
import { type ApiCall, apiPath } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import type { ProposedChange, ProposedPullRequest } from "./git-host.js";
import { otherBranch } from "./proposal-errors.js";

const Ref = z.object({ object: z.object({ sha: z.string() }) });
const Commit = z.object({ tree: z.object({ sha: z.string() }) });
const Created = z.object({ sha: z.string() });
const Pull = z.object({ number: z.number(), html_url: z.string() });
const Repository = z.object({ id: z.number() }).nullish();
const OpenPulls = z.array(
  Pull.extend({
    head: z.object({ ref: z.string(), repo: Repository }),
    base: z.object({ ref: z.string(), repo: Repository }),
  }),
);
const Parents = z.array(z.object({ sha: z.string() }));
const Comparison = z.object({
  ahead_by: z.number(),
  commits: z.array(z.object({ commit: Commit, parents: Parents })),
});

/**
 * Opens a pull request through GitHub's API for Git objects: one tree and one commit with all files, without a clone. The branch comes
 * last, so that a failure before leaves nothing visible.
 */
export class GitHubProposal {
  readonly #api: HostApi;
  readonly #change: ProposedChange;
  readonly #call: Pick<ApiCall<unknown>, "operation" | "signal">;

  constructor(api: HostApi, change: ProposedChange, signal: AbortSignal) {
    this.#api = api;
    this.#change = change;
    this.#call = { operation: "propose_change", signal };
  }

  async open(): Promise<ProposedPullRequest> {
    const { branch, base, title, body } = this.#change;
    if ((await this.#head(branch)) === undefined) await this.#commit();
    else {
      await this.#ensureSame();
      const existing = await this.#existing();
      if (existing !== undefined) return existing;
    }
    const { number, html_url: url } = await this.#send("POST", this.#path("/pulls"), Pull, {
      title,
      body,
      head: branch,
      base,
    });
    return { number, url, created: true };
  }

  /** Replaces the branch of an open pull request by one commit, and its text. */
  async replace(pullRequest: number): Promise<void> {
    const { branch, title, body } = this.#change;
    const sha = await this.#createCommit();
    await this.#send("PATCH", this.#path("/git/refs/heads/{}", branch), z.unknown(), { sha, force: true });
    await this.#send("PATCH", this.#path("/pulls/{}", String(pullRequest)), z.unknown(), { title, body });
  }

  async #commit(): Promise<void> {
    const sha = await this.#createCommit();
    const ref = `refs/heads/${this.#change.branch}`;
    await this.#send("POST", this.#path("/git/refs"), z.unknown(), { ref, sha });
  }

  async #createCommit(): Promise<string> {
    const { base, baseCommit, message } = this.#change;
    const tip = async (): Promise<string> =>
      (await this.#get(this.#path("/git/ref/heads/{}", base), Ref, `branch ${base}`)).object.sha;
    const parent = baseCommit ?? (await tip());
    const commit = { message, tree: await this.#createTree(parent), parents: [parent] };
    return (await this.#send("POST", this.#path("/git/commits"), Created, commit)).sha;
  }

  /** Creates the files of a commit with those of the change, and returns their hash. */
  async #createTree(parent: string): Promise<string> {
    const { tree: root } = await this.#get(this.#path("/git/commits/{}", parent), Commit, `commit ${parent}`);
    const entries = Object.entries(this.#change.files).map(([path, content]) => ({
      ...{ path, mode: "100644", type: "blob" },
      ...(content === null ? { sha: null } : { content }),
    }));
    const trees = this.#path("/git/trees");
    return (await this.#send("POST", trees, Created, { base_tree: root.sha, tree: entries })).sha;
  }

  /** Refuses a branch that is not one commit on the base with the files of the change: it has to have the tree that the change would create. */
  async #ensureSame(): Promise<void> {
    const { branch, base } = this.#change;
    const path = this.#path("/compare/{}...{}", base, branch);
    const { ahead_by: ahead, commits } = await this.#get(path, Comparison, `branch ${branch}`);
    const [only] = commits;
    const [parent, ...others] = only?.parents ?? [];
    const isOne = ahead === 1 && parent !== undefined && others.length === 0;
    if (!isOne || (await this.#createTree(parent.sha)) !== only?.commit.tree.sha)
      throw otherBranch(this.#api.target, this.#change);
  }

  /** Returns the open pull request of the branch to the base. Forks may have branches of the same name. */
  async #existing(): Promise<ProposedPullRequest | undefined> {
    const { branch, base } = this.#change;
    const [owner = ""] = this.#api.target.path;
    const path = this.#path("/pulls?state=open&head={}", `${owner}:${branch}`);
    const pulls = await this.#get(path, OpenPulls, `branch ${branch}`);
    const pull = pulls.find(
      (one) => one.head.ref === branch && one.base.ref === base && one.head.repo?.id === one.base.repo?.id,
    );
    return pull && { number: pull.number, url: pull.html_url, created: false };
  }

  async #head(branch: string): Promise<string | undefined> {
    const path = this.#path("/git/ref/heads/{}", branch);
    const found = await this.#api.find({ ...this.#call, path, schema: Ref, subject: `branch ${branch}` });
    return found?.object.sha;
  }

  async #get<T>(path: string, schema: z.ZodType<T>, subject: string): Promise<T> {
    return (await this.#api.send({ ...this.#call, path, schema, subject })).body;
  }

  async #send<T>(method: "POST" | "PATCH", path: string, schema: z.ZodType<T>, body: unknown): Promise<T> {
    const call = { ...this.#call, method, path, schema, body, subject: "the repository" };
    return (await this.#api.send(call)).body;
  }

  #path(template: string, ...values: readonly string[]): string {
    const [owner = "", name = ""] = this.#api.target.path;
    // Slashes in names of branches stay: they are part of the path of a ref.
    return apiPath(`/repos/{}/{}${template}`, owner, name, ...values).replaceAll("%2F", "/");
  }
}
