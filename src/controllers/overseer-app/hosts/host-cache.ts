import { LRUCache } from "lru-cache";
import type { GitRepository } from "../../../api/git-repository.js";
import type { Clock } from "../../../base/clock.js";
import type { Check, GitHost, PullRequest } from "../../../git/index.js";

/** How long an answer of a host is used, in milliseconds: less than the delay after which gates ask again. */
const FRESH_MS = 50_000;
/** Maximum number of answers that are remembered. */
const MAX_ANSWERS = 5_000;

/** Opens the API of a repository's host. Throws GitError. */
export type OpenHost = (repository: GitRepository) => Promise<GitHost>;

/** Asks Git hosts about commits: once for all apps of a repository, also if the host fails. */
export class HostCache {
  readonly #open: OpenHost;
  readonly #clock: Clock;
  readonly #answers = new LRUCache<string, { readonly at: number; readonly answer: Promise<unknown> }>({
    max: MAX_ANSWERS,
  });

  constructor(open: OpenHost, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Returns the merged pull requests of a commit. Throws GitError. */
  pullRequestsOf(repository: GitRepository, commit: string, signal: AbortSignal): Promise<readonly PullRequest[]> {
    return this.#ask(repository, `pull requests ${commit}`, (host) => host.pullRequestsOf(commit, signal));
  }

  /** Returns the checks of a commit. Throws GitError. */
  checksOf(repository: GitRepository, commit: string, signal: AbortSignal): Promise<readonly Check[]> {
    return this.#ask(repository, `checks ${commit}`, (host) => host.checksOf(commit, signal));
  }

  #ask<T>(repository: GitRepository, question: string, ask: (host: GitHost) => Promise<T>): Promise<T> {
    const { namespace, name, uid, generation } = repository.metadata;
    const key = `${namespace}/${name} ${uid} ${generation} ${question}`;
    const known = this.#answers.get(key);
    const now = this.#clock.monotonic();
    if (known !== undefined && now - known.at < FRESH_MS) return known.answer as Promise<T>;
    const answer = this.#open(repository).then(ask);
    this.#answers.set(key, { at: now, answer });
    // The caller reports the failure.
    answer.catch(() => {});
    return answer;
  }
}
