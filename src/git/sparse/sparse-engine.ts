import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "../../base/clock.js";
import { type TimeLimit, withDeadline } from "../../base/deadline.js";
import type { Logger } from "../../base/logger.js";
import type { CommitSnapshot, FetchResult, FetchTarget, GitEngine, GitRemote, RemoteRefs } from "../engine.js";
import { GitError, isGitError } from "../errors.js";
import { fetchLimit } from "../fetch-limit.js";
import type { GitHistory } from "../history/history.js";
import type { HistoryRequest } from "../history/request.js";
import { DEFAULT_GIT_LIMITS, type GitLimits } from "../limits.js";
import { TreeSnapshot } from "../objects/snapshot.js";
import { treeCache } from "../objects/tree.js";
import { type CacheBudget, sparseName } from "../stores/cache-budget.js";
import { SPARSE_FOLDER } from "../stores/sparse-sizes.js";
import { type ReceivePack, SparseStore } from "./sparse-store.js";

/** Options of the engine. */
export interface SparseGitEngineOptions {
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<GitLimits>;
}

/** An engine that also receives single objects. */
type PackEngine = GitEngine & { readonly pack: ReceivePack; readonly budget: CacheBudget };

/**
 * Extends an engine by repositories that exceed its limits: their files are fetched when they are read. This needs a server that supports
 * partial clones. Everything else is done by the other engine.
 */
export class SparseGitEngine implements GitEngine {
  readonly #inner: PackEngine;
  readonly #options: SparseGitEngineOptions;
  readonly #limits: GitLimits;
  readonly #trees = treeCache();
  readonly #stores = new Map<string, SparseStore>();

  constructor(inner: PackEngine, options: SparseGitEngineOptions) {
    this.#inner = inner;
    this.#options = { ...options, cacheDir: resolve(options.cacheDir) };
    this.#limits = { ...DEFAULT_GIT_LIMITS, ...options.limits };
  }

  listRefs(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    return this.#inner.listRefs(remote, prefixes, signal);
  }

  history(remote: GitRemote, request: HistoryRequest, signal: AbortSignal): Promise<GitHistory> {
    return this.#inner.history(remote, request, signal);
  }

  async fetch(remote: GitRemote, target: FetchTarget, signal: AbortSignal, limit?: TimeLimit): Promise<FetchResult> {
    const store = this.#store(remote);
    if (await store.isOversized()) return this.#fetchCommit(store, remote, target, signal, limit);
    try {
      return await this.#inner.fetch(remote, target, signal, limit);
    } catch (error) {
      if (!isGitError(error, "GIT_TOO_LARGE")) throw error;
      const result = await this.#fetchCommit(store, remote, target, signal, limit).catch((second: unknown) => {
        throw isGitError(second, "GIT_HISTORY_UNSUPPORTED") ? withHint(error) : second;
      });
      await store.markOversized();
      const { logger } = this.#options;
      logger.info("the repository is too large for a complete fetch; files are fetched when they are read", {
        url: remote.url,
        reason: error.message,
      });
      return result;
    }
  }

  async open(remote: GitRemote, commit: string): Promise<CommitSnapshot | undefined> {
    const whole = await this.#inner.open(remote, commit);
    if (whole !== undefined) return whole;
    const store = this.#store(remote);
    const parsed = await store.commit(commit);
    return parsed && Object.assign(new TreeSnapshot(parsed, store), { onDemand: true });
  }

  async retain(remote: GitRemote, commits: readonly string[]): Promise<void> {
    await this.#inner.retain(remote, commits);
    await this.#store(remote).retain(commits);
  }

  async prune(keep: readonly GitRemote[]): Promise<void> {
    await this.#inner.prune(keep);
    const kept = new Set(keep.map(({ id }) => id));
    for (const id of this.#stores.keys()) if (!kept.has(id)) this.#stores.delete(id);
    const { cacheDir } = this.#options;
    for (const name of await readdir(cacheDir).catch(() => [])) {
      const id = SPARSE_FOLDER.exec(name)?.[1];
      if (id !== undefined && !kept.has(id)) await rm(join(cacheDir, name), { recursive: true, force: true });
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #fetchCommit(
    store: SparseStore,
    remote: GitRemote,
    { commit, ref }: FetchTarget,
    signal: AbortSignal,
    limit?: TimeLimit,
  ): Promise<FetchResult> {
    if ((await store.commit(commit)) !== undefined) return { fetched: false, bytes: 0, objects: 0, onDemand: true };
    const within = { ...fetchLimit(this.#limits, remote, limit), clock: this.#options.clock, signal };
    const bytes = await withDeadline(within, (inTime) => store.fetch(commit, ref, inTime));
    return { fetched: true, bytes, objects: 1, onDemand: true };
  }

  #store(remote: GitRemote): SparseStore {
    const { cacheDir, clock } = this.#options;
    const known = this.#stores.get(remote.id);
    if (known !== undefined) return known;
    const receive: ReceivePack = async (...request) => {
      await this.#inner.budget.admit(remote);
      return this.#inner.pack(...request);
    };
    const stored = (bytes: number): Promise<void> => this.#inner.budget.noteSparse(remote, bytes);
    const directory = join(cacheDir, sparseName(remote.id));
    const store = new SparseStore(remote, {
      directory,
      receive,
      stored,
      limits: this.#limits,
      clock,
      trees: this.#trees,
    });
    this.#stores.set(remote.id, store);
    return store;
  }
}

function withHint(error: GitError): GitError {
  const hint = "or use a server that supports partial clones (uploadpack.allowFilter)";
  return new GitError("GIT_TOO_LARGE", `${error.message}, ${hint}`, { cause: error });
}
