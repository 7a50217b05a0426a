import type { HostApi } from "./api/client.js";
import { unsupported } from "./api/failures.js";
import type { GitHost, GitHostOperation } from "./git-host.js";

/** A host whose API is not known. Every operation fails with `GIT_PROVIDER_UNSUPPORTED`. */
export class GenericHost implements GitHost {
  readonly type = "Generic";
  readonly operations: ReadonlySet<GitHostOperation> = new Set();
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
  }

  async pullRequestsOf(): Promise<never> {
    throw unsupported(this.#api.target, "pull_requests");
  }

  async checksOf(): Promise<never> {
    throw unsupported(this.#api.target, "checks");
  }

  async setStatus(): Promise<never> {
    throw unsupported(this.#api.target, "set_status");
  }

  async comment(): Promise<never> {
    throw unsupported(this.#api.target, "comment");
  }

  async proposeChange(): Promise<never> {
    throw unsupported(this.#api.target, "propose_change");
  }
}
