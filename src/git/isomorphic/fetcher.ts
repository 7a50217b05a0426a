import type { FailpointHook } from "../../base/failpoint.js";
import type { FetchResult, FetchTarget, GitRemote } from "../engine.js";
import { GitError, isGitError } from "../errors.js";
import type { GitHttpClient } from "../http/client.js";
import type { GitLimits } from "../limits.js";
import { walkCommit } from "../objects/walk.js";
import { indexPack } from "../pack/index-pack.js";
import { isPlainRef } from "../refs/ref-filter.js";
import { negotiate } from "./negotiate.js";
import type { Store } from "./store.js";

/** One fetch. */
export interface FetchJob {
  readonly remote: GitRemote;
  /** The repository's current address, after redirects. */
  readonly base: string;
  readonly target: FetchTarget;
  readonly signal: AbortSignal;
}

/** One attempt with its want and have. */
interface Attempt {
  /** Commit id or ref name. */
  readonly want: string;
  readonly have: string | undefined;
  readonly maxPackBytes: number;
}

/** Fetches a commit into a store: receives it, verifies it, and only then records it. */
export class Fetcher {
  readonly #http: GitHttpClient;
  readonly #limits: GitLimits;
  readonly #failpoint: FailpointHook;

  constructor(http: GitHttpClient, limits: GitLimits, failpoint: FailpointHook) {
    this.#http = http;
    this.#limits = limits;
    this.#failpoint = failpoint;
  }

  /**
   * First fetches the difference to a commit of the store. If that exceeds twice the size of a whole commit (after a force push a
   * server sends the full history) or the result is incomplete, the whole commit is fetched. The commit is requested by id or,
   * from a server that does not serve ids, by its ref.
   */
  async fetch(store: Store, job: FetchJob): Promise<FetchResult> {
    const { commit, ref } = job.target;
    const { maxPackBytes, trivialBytes } = this.#limits;
    const have = await store.newest(ref);
    if (have !== undefined) {
      const { compactBytes } = await store.manifest();
      const cap = Math.min(maxPackBytes, Math.max(trivialBytes, 2 * compactBytes));
      try {
        return await this.#attempt(store, job, { want: commit, have, maxPackBytes: cap });
      } catch (error) {
        if (!isGitError(error, "GIT_TOO_LARGE", "GIT_INCOMPLETE", "GIT_COMMIT_NOT_FOUND")) throw error;
      }
    }
    try {
      return await this.#attempt(store, job, { want: commit, have: undefined, maxPackBytes });
    } catch (error) {
      if (!isGitError(error, "GIT_COMMIT_NOT_FOUND")) throw error;
      return this.#byRef(store, job, ref, error);
    }
  }

  async #byRef(store: Store, job: FetchJob, ref: string | undefined, refusal: GitError): Promise<FetchResult> {
    const { commit } = job.target;
    const { url } = job.remote;
    if (ref === undefined || (ref !== "HEAD" && !isPlainRef(ref))) {
      throw new GitError(
        "GIT_COMMIT_NOT_FOUND",
        `${url} does not serve commit ${commit} (${refusal.message}): check that the commit exists and is reachable from a branch or tag`,
        { cause: refusal },
      );
    }
    try {
      const { maxPackBytes } = this.#limits;
      return await this.#attempt(store, job, { want: ref, have: undefined, maxPackBytes });
    } catch (error) {
      if (!isGitError(error, "GIT_INCOMPLETE")) throw error;
      const message = `${ref} of ${url} no longer points to commit ${commit}; the next poll resolves the ref again`;
      throw new GitError("GIT_COMMIT_NOT_FOUND", message, { cause: error });
    }
  }

  async #attempt(store: Store, job: FetchJob, attempt: Attempt): Promise<FetchResult> {
    const { remote, base, target, signal } = job;
    const known = attempt.have === undefined ? [] : (await store.manifest()).shallow;
    const received = await negotiate(this.#http, this.#limits, { ...attempt, remote, base, shallow: known, signal });
    this.#failpoint("git:after-fetch");
    const indexed = received.pack.length === 0 ? undefined : await indexPack(received.pack, this.#limits, signal);
    const pack = indexed?.objects === 0 ? undefined : indexed;
    const before = await store.packs();
    const { trees } = await walkCommit(target.commit, pack === undefined ? before : before.with(pack), {
      signal,
      isKnown: (tree) => store.isWholeTree(tree),
    });
    const isWhole = attempt.have === undefined;
    const shallow = isWhole
      ? [...new Set([...(await store.manifest()).shallow, ...received.shallow])]
      : received.shallow;
    await store.add({ commit: target.commit, ref: target.ref, pack, shallow, trees, whole: isWhole });
    this.#failpoint("git:after-verified");
    return { fetched: true, bytes: received.pack.length, objects: indexed?.objects ?? 0 };
  }
}
