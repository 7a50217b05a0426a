import { z } from "zod";
import { apiPath } from "../../../../../src/git/hosts/api/call.js";
import type { HostApi } from "../../../../../src/git/hosts/api/client.js";
import { unsupported } from "../../../../../src/git/hosts/api/failures.js";
import type { Check, GitHost, GitHostOperation, NewCommitStatus } from "../../../../../src/git/hosts/git-host.js";
import { limitedDescription } from "../../../../../src/git/hosts/text.js";

const Builds = z.object({ builds: z.array(z.object({ title: z.string(), ok: z.boolean().nullable() })) });

/** A host with an API for builds only. */
export class ForgeHost implements GitHost {
  readonly type = "Generic";
  readonly operations: ReadonlySet<GitHostOperation> = new Set(["checks", "set_status"]);
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
  }

  async checksOf(commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    const path = this.#path("/commits/{}/builds", commit);
    const call = { operation: "checks", subject: `commit ${commit}`, signal, path, schema: Builds } as const;
    const builds = await this.#api.pages(call, (page) => page.builds);
    return builds.map(({ title, ok }) => ({
      name: title,
      conclusion: ok === null ? "Pending" : ok ? "Success" : "Failure",
    }));
  }

  async setStatus({ commit, context, state, description }: NewCommitStatus, signal: AbortSignal): Promise<void> {
    await this.#api.send({
      ...{ operation: "set_status", method: "POST", subject: `commit ${commit}`, signal, schema: z.unknown() },
      path: this.#path("/commits/{}/builds", commit),
      body: { title: context, ok: state === "Success", text: limitedDescription(description, 80) },
    });
  }

  async pullRequestsOf(): Promise<never> {
    throw unsupported(this.#api.target, "pull_requests");
  }

  async comment(): Promise<never> {
    throw unsupported(this.#api.target, "comment");
  }

  async proposeChange(): Promise<never> {
    throw unsupported(this.#api.target, "propose_change");
  }

  #path(template: string, ...values: readonly string[]): string {
    const [owner = "", name = ""] = this.#api.target.path;
    return apiPath(`/repos/{}/{}${template}`, owner, name, ...values);
  }
}
