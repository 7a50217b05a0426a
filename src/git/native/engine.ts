import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock } from "../../base/clock.js";
import { type TimeLimit, withDeadline } from "../../base/deadline.js";
import { messageOf } from "../../base/errors.js";
import { type FailpointHook, noFailpoints } from "../../base/failpoint.js";
import type { Logger } from "../../base/logger.js";
import { ProxyRules } from "../../base/proxy.js";
import { type Confinement, NO_CONFINEMENT } from "../../child/confinement.js";
import type { CommitSnapshot, FetchResult, FetchTarget, GitEngine, GitRemote, RemoteRefs } from "../engine.js";
import { GitError, isGitError } from "../errors.js";
import { fetchLimit } from "../fetch-limit.js";
import { InstallationTokens } from "../github/installation-tokens.js";
import type { GitHistory } from "../history/history.js";
import type { HistoryRequest, PackRequest } from "../history/request.js";
import { Connections } from "../http/connections.js";
import { DEFAULT_GIT_LIMITS, type GitLimits } from "../limits.js";
import { commitCache, type ParsedCommit, parseCommit } from "../objects/commit.js";
import { TreeSnapshot } from "../objects/snapshot.js";
import { treeCache } from "../objects/tree.js";
import type { IndexedPack } from "../pack/index-pack.js";
import { isObjectId } from "../pack/object-id.js";
import { bytesOf, CacheBudget } from "../stores/cache-budget.js";
import { FetchSlots } from "../stores/fetch-slots.js";
import { sparseSizes } from "../stores/sparse-sizes.js";
import { StoreMap } from "../stores/store-map.js";
import type { CommitRecord } from "../stores/store-records.js";
import { NativeFetcher } from "./fetcher.js";
import { USUAL_PATH } from "./find-git.js";
import type { Generation } from "./manifest.js";
import { childMemory, GitProgram, maxAllocation } from "./program.js";
import { ReaderPool } from "./reader-pool.js";
import { RemoteReader } from "./remote-reader.js";
import { repack } from "./repack.js";
import { SshProgram } from "./ssh/program.js";
import { NativeStore, TRASH_PREFIX } from "./store.js";
import { STORE_FOLDER, storeSizes } from "./store-sizes.js";
import { storeSource } from "./store-source.js";

/** Options of the native engine. */
export interface NativeGitEngineOptions {
  /** May be shared with other native engines, including those of other processes. */
  readonly cacheDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly failpoint?: FailpointHook;
  /** Proxies for remotes. Defaults to none. */
  readonly proxies?: ProxyRules;
  /** Overrides of `DEFAULT_GIT_LIMITS`. */
  readonly limits?: Partial<GitLimits>;
  /** Path or name of the program. Defaults to `git`. */
  readonly executable?: string;
  /** Search path of git and its helpers. Defaults to the usual directories. */
  readonly path?: string;
  /** What the machine allows for children. Defaults to no confinement beyond a process group. */
  readonly confinement?: Confinement;
}

/** A commit verified this recently is always kept by `retain`: its fetch may be newer than the list of needed commits. */
const GRACE_MS = 600_000;

/** Fetch errors that a damaged store may cause: Git reads the commits that it offers to the server. */
const POSSIBLE_STORE_DAMAGE = ["GIT_PACK_CORRUPT", "GIT_INCOMPLETE", "GIT_PROTOCOL", "GIT_STORE_DAMAGED"] as const;
/** Minimum interval between checks of an intact store, even if fetches keep failing: a check reads the whole store. */
const CHECK_INTERVAL_MS = 300_000;

/**
 * Git engine that runs the `git` program to fetch, verify and read, in child processes with limits. Refs are listed over
 * HTTP by this process itself, and over SSH by `ssh`. `git` sees only what this engine creates: no foreign configuration, refs or hooks.
 */
export class NativeGitEngine implements GitEngine {
  readonly #options: NativeGitEngineOptions;
  readonly #limits: GitLimits;
  readonly #git: GitProgram;
  readonly #connections: Connections;
  readonly #remotes: RemoteReader;
  readonly #fetcher: NativeFetcher;
  readonly #readers: ReaderPool;
  readonly #slots: FetchSlots;
  /** Limits the total size of the stores, also of those that others keep beside them. */
  readonly budget: CacheBudget;
  readonly #stores: StoreMap<NativeStore>;
  /** Trees by id, shared by all stores: the id determines the content. */
  readonly #trees = treeCache();
  /** Commits by id, for the same reason: each app reads the newest one of its repository. */
  readonly #commits = commitCache();
  /** Monotonic times at which stores were checked after a failed fetch and found intact. */
  readonly #foundIntact = new WeakMap<NativeStore, number>();

  constructor(options: NativeGitEngineOptions) {
    this.#options = { ...options, cacheDir: resolve(options.cacheDir) };
    const { clock, failpoint = noFailpoints } = options;
    const limits = { ...DEFAULT_GIT_LIMITS, ...options.limits };
    this.#limits = limits;
    const path = options.path ?? USUAL_PATH;
    const confinement = options.confinement ?? NO_CONFINEMENT;
    const memoryBytes = childMemory(limits);
    this.#git = new GitProgram({
      executable: options.executable ?? "git",
      path,
      maxAllocation: maxAllocation(limits),
      memoryBytes,
      confinement,
      silenceSeconds: Math.max(1, Math.round(limits.silenceTimeoutMs / 1000)),
    });
    this.#connections = new Connections(limits, options.proxies);
    const tokens = new InstallationTokens(this.#connections, clock);
    const proxies = options.proxies ?? new ProxyRules();
    const ssh = new SshProgram({ path, clock, limits });
    const connections = this.#connections;
    this.#remotes = new RemoteReader({ connections, tokens, ssh, clock, limits, confinement, memoryBytes });
    this.#fetcher = new NativeFetcher({ git: this.#git, limits, clock, failpoint, proxies, ssh, tokens });
    this.#readers = new ReaderPool({ git: this.#git, clock, limits, idle: () => this.#forgetParsed() });
    this.#slots = new FetchSlots(clock, limits);
    const { cacheDir, logger } = this.#options;
    const context = { cacheDir, clock, logger, limits, git: this.#git, readers: this.#readers };
    this.budget = new CacheBudget(
      limits.maxCacheBytes,
      async () => new Map([...(await storeSizes(cacheDir)), ...(await sparseSizes(cacheDir))]),
    );
    this.#stores = new StoreMap((remote) => new NativeStore(remote, context));
  }

  listRefs(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    return this.#remotes.list(remote, prefixes, signal);
  }

  history(remote: GitRemote, request: HistoryRequest, signal: AbortSignal): Promise<GitHistory> {
    return this.#remotes.history(remote, request, signal);
  }

  /** See `RemoteReader.pack`. Stores nothing. */
  pack(remote: GitRemote, request: PackRequest, signal: AbortSignal): Promise<IndexedPack> {
    return this.#remotes.pack(remote, request, signal);
  }

  async fetch(remote: GitRemote, target: FetchTarget, signal: AbortSignal, limit?: TimeLimit): Promise<FetchResult> {
    const { commit } = target;
    if (!isObjectId(commit)) {
      throw new GitError("GIT_REF_INVALID", `${JSON.stringify(commit)} is not a full commit id`);
    }
    const store = this.#stores.of(remote);
    return store.exclusive(async () => {
      signal.throwIfAborted();
      if ((await store.record(commit)) !== undefined) return { fetched: false, bytes: 0, objects: 0 };
      const within = fetchLimit(this.#limits, remote, limit);
      const result = await this.#slots.run({ remote, tenant: target.tenant, signal, ms: within.ms }, async () => {
        await this.budget.admit(remote);
        return this.#fetchInto(store, remote, target, signal, within);
      });
      await this.#compactIfMany(store, remote);
      await this.#noteSize(store, remote);
      return result;
    }, signal);
  }

  async open(remote: GitRemote, commit: string): Promise<CommitSnapshot | undefined> {
    const store = this.#stores.of(remote);
    if ((await store.record(commit)) === undefined) return undefined;
    const parsed = this.#commits.get(commit) ?? (await this.#readCommit(store, commit));
    return parsed && new TreeSnapshot(parsed, storeSource(store, commit, this.#trees));
  }

  async #readCommit(store: NativeStore, commit: string): Promise<ParsedCommit | undefined> {
    const object = await store.read(commit).catch((error: unknown) => {
      if (!isGitError(error, "GIT_STORE_DAMAGED")) throw error;
    });
    if (object !== undefined && object.type !== "commit") await store.heal();
    if (object?.type !== "commit" || (await store.record(commit)) === undefined) return undefined;
    const parsed = parseCommit(object.content, commit);
    this.#commits.set(commit, parsed);
    return parsed;
  }

  async retain(remote: GitRemote, commits: readonly string[]): Promise<void> {
    const store = this.#stores.of(remote);
    await store.exclusive(async () => {
      const generation = await store.current();
      const { manifest } = generation;
      const recent = this.#options.clock.now() - GRACE_MS;
      const isKept = (commit: string, { time }: CommitRecord): boolean => commits.includes(commit) || time > recent;
      const all = Object.entries(manifest.commits);
      const kept = Object.fromEntries(all.filter(([commit, record]) => isKept(commit, record)));
      const count = Object.keys(kept).length;
      if (count === all.length) return;
      const bytes = bytesOf(manifest.packs);
      if (count === 0) await store.remove();
      else if (bytes > 2 * manifest.compactBytes + this.#limits.trivialBytes) {
        await this.#compact(store, remote, generation, kept);
      } else await store.update((newest) => (newest === manifest ? { ...manifest, commits: kept } : undefined));
      await this.#noteSize(store, remote);
    });
  }

  async prune(keep: readonly GitRemote[]): Promise<void> {
    const kept = new Set(keep.map(({ id }) => id));
    await this.#stores.removeAllBut(kept);
    const { cacheDir } = this.#options;
    for (const name of await readdir(cacheDir).catch(() => [])) {
      const isStore = STORE_FOLDER.test(name) && !kept.has(name.slice(0, 64)) && !this.#stores.has(name.slice(0, 64));
      if (isStore || name.startsWith(TRASH_PREFIX)) await rm(join(cacheDir, name), { recursive: true, force: true });
    }
    this.budget.recheck();
    await this.#release();
  }

  async close(): Promise<void> {
    await this.#release();
    this.#connections.clear();
  }

  #noteSize(store: NativeStore, remote: GitRemote): Promise<void> {
    return this.budget.note(remote, async () => (await store.current()).manifest.packs);
  }

  #forgetParsed(): void {
    this.#trees.clear();
    this.#commits.clear();
  }

  async #release(): Promise<void> {
    this.#forgetParsed();
    for (const store of this.#stores.values()) store.recheck();
    await this.#readers.releaseAll();
  }

  async #fetchInto(
    store: NativeStore,
    remote: GitRemote,
    target: FetchTarget,
    signal: AbortSignal,
    limit: TimeLimit,
  ): Promise<FetchResult> {
    const { clock, logger } = this.#options;
    const began = clock.monotonic();
    const result = await withDeadline({ ...limit, clock, signal }, (within) =>
      this.#fetchFollowingRedirects(store, remote, target, within),
    );
    const took = Math.round(clock.monotonic() - began);
    logger.debug("fetched a commit", { url: remote.url, commit: target.commit, ...result, ms: took });
    return result;
  }

  /**
   * Git does not follow redirects, because it would forward the credential. After a redirect, listing refs finds the new address,
   * which must be on the same server.
   */
  async #fetchFollowingRedirects(
    store: NativeStore,
    remote: GitRemote,
    target: FetchTarget,
    signal: AbortSignal,
  ): Promise<FetchResult> {
    const base = this.#remotes.base(remote);
    try {
      return await this.#fetcher.fetch(store, { remote, base, target, signal });
    } catch (error) {
      const isHealed = isGitError(error, ...POSSIBLE_STORE_DAMAGE) && (await this.#healsStore(store));
      if (isHealed || isGitError(error, "GIT_STORE_DAMAGED"))
        return this.#fetcher.fetch(store, { remote, base, target, signal });
      if (!isGitError(error, "GIT_REDIRECTED")) throw error;
      await this.#remotes.list(remote, ["HEAD"], signal);
      const moved = this.#remotes.base(remote);
      if (moved === base) throw error;
      return this.#fetcher.fetch(store, { remote, base: moved, target, signal });
    }
  }

  /** Returns whether a damaged store caused the failed fetch; if so, it has been repaired. */
  async #healsStore(store: NativeStore): Promise<boolean> {
    const now = this.#options.clock.monotonic();
    if (now - (this.#foundIntact.get(store) ?? Number.NEGATIVE_INFINITY) < CHECK_INTERVAL_MS) return false;
    const isHealed = await store.heal();
    if (!isHealed) this.#foundIntact.set(store, now);
    return isHealed;
  }

  /** Many small packs slow down reading. If repacking fails, they remain usable. */
  async #compactIfMany(store: NativeStore, remote: GitRemote): Promise<void> {
    const generation = await store.current();
    const { packs, commits } = generation.manifest;
    if (packs.length > this.#limits.maxPacks) await this.#compact(store, remote, generation, commits);
  }

  async #compact(
    store: NativeStore,
    remote: GitRemote,
    generation: Generation,
    commits: Readonly<Record<string, CommitRecord>>,
  ): Promise<void> {
    const signal = AbortSignal.timeout(this.#limits.fetchTimeoutMs);
    const { logger } = this.#options;
    await repack(store, generation, commits, { git: this.#git, signal }).catch((error: unknown) =>
      logger.warn("failed to repack a Git store", { url: remote.url, error: messageOf(error) }),
    );
  }
}
