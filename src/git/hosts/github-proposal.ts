import { z } from "zod";
import { type ApiCall, apiPath } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import type { ProposedChange, ProposedPullRequest } from "./git-host.js";
import { noPullRequest } from "./proposal-errors.js";

const Ref = z.object({ object: z.object({ sha: z.string() }) });
const Commit = z.object({ tree: z.object({ sha: z.string() }) });
const Created = z.object({ sha: z.string() });
const Pull = z.object({ number: z.number(), html_url: z.string() });

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
    if ((await this.#head(branch)) !== undefined) return this.#existing();
    await this.#commit();
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
    const { base, baseCommit, message, files } = this.#change;
    const tip = async (): Promise<string> =>
      (await this.#get(this.#path("/git/ref/heads/{}", base), Ref, `branch ${base}`)).object.sha;
    const parent = baseCommit ?? (await tip());
    const { tree: root } = await this.#get(this.#path("/git/commits/{}", parent), Commit, `commit ${parent}`);
    const entries = Object.entries(files).map(([path, content]) => ({
      ...{ path, mode: "100644", type: "blob" },
      ...(content === null ? { sha: null } : { content }),
    }));
    const trees = this.#path("/git/trees");
    const tree = await this.#send("POST", trees, Created, { base_tree: root.sha, tree: entries });
    const commit = { message, tree: tree.sha, parents: [parent] };
    return (await this.#send("POST", this.#path("/git/commits"), Created, commit)).sha;
  }

  async #existing(): Promise<ProposedPullRequest> {
    const { branch } = this.#change;
    const [owner = ""] = this.#api.target.path;
    const path = this.#path("/pulls?state=open&head={}", `${owner}:${branch}`);
    const [pull] = await this.#get(path, z.array(Pull), `branch ${branch}`);
    if (pull === undefined) throw noPullRequest(this.#api.target, branch);
    return { number: pull.number, url: pull.html_url, created: false };
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
