import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import { type TimeLimit, withDeadline } from "../../base/deadline.js";
import { messageOf } from "../../base/errors.js";
import { type FailpointHook, noFailpoints } from "../../base/failpoint.js";
import type { Logger } from "../../base/logger.js";
import type { ProxyRules } from "../../base/proxy.js";
import type { CommitSnapshot, FetchResult, FetchTarget, GitEngine, GitRemote, RemoteRefs } from "../engine.js";
import { GitError, isGitError } from "../errors.js";
import { fetchLimit } from "../fetch-limit.js";
import { type GitHistory, historyOf } from "../history/history.js";
import { HttpPacks } from "../history/http-packs.js";
import { type HistoryRequest, historyRequest } from "../history/request.js";
import { GitHttpClient } from "../http/client.js";
import { Connections } from "../http/connections.js";
import { DEFAULT_GIT_LIMITS, type GitLimits } from "../limits.js";
import { TreeSnapshot } from "../objects/snapshot.js";
import { readCommit } from "../objects/walk.js";
import { isObjectId } from "../pack/object-id.js";
import { LsRefs } from "../protocol/ls-refs.js";
import { bytesOf, CacheBudget, type StoreSizes } from "../stores/cache-budget.js";
import { FetchSlots } from "../stores/fetch-slots.js";
import { StoreMap } from "../stores/store-map.js";
import { Fetcher } from "./fetcher.js";
import { readManifest } from "./manifest.js";
import { ReadCaches } from "./read-caches.js";
import { Store } from "./store.js";
import { damaged, isDamage, readOrHeal, storeSource } from "./store-source.js";

/** Options of the isomorphic engine. */
export interface IsomorphicGitEngineOptions {
  /** Directory for exclusive use by this engine and process. */
  readonly cacheDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly failpoint?: FailpointHook;
  /** Proxies for remotes. Defaults to none. */
  readonly proxies?: ProxyRules;
  /** Overrides of `DEFAULT_GIT_LIMITS`. */
  readonly limits?: Partial<GitLimits>;
}

/** A commit verified this recently is always kept by `retain`: its fetch may be newer than the list of needed commits. */
const GRACE_MS = 600_000;

/**
 * Git engine without the `git` program. isomorphic-git negotiates with the server; this engine verifies, indexes, stores and reads
 * the received pack itself: a pack is untrusted input, and isomorphic-git publishes commits that it did not receive.
 */
export class IsomorphicGitEngine implements GitEngine {
  readonly #options: IsomorphicGitEngineOptions;
  readonly #limits: GitLimits;
  readonly #connections: Connections;
  readonly #lsRefs: LsRefs;
  readonly #packs: HttpPacks;
  readonly #fetcher: Fetcher;
  readonly #caches: ReadCaches;
  readonly #slots: FetchSlots;
  readonly #budget: CacheBudget;
  readonly #stores: StoreMap<Store>;

  constructor(options: IsomorphicGitEngineOptions) {
    this.#options = options;
    const { clock } = options;
    this.#limits = { ...DEFAULT_GIT_LIMITS, ...options.limits };
    this.#connections = new Connections(this.#limits, options.proxies);
    const http = new GitHttpClient(this.#connections, clock);
    this.#lsRefs = new LsRefs(http, clock, this.#limits);
    this.#packs = new HttpPacks(http, this.#limits);
    this.#fetcher = new Fetcher(http, this.#limits, options.failpoint ?? noFailpoints);
    this.#slots = new FetchSlots(clock, this.#limits);
    this.#caches = new ReadCaches(clock, this.#limits, () => {
      for (const store of this.#stores.values()) store.release();
    });
    const { cacheDir, logger } = options;
    const context = { cacheDir, clock, logger, limits: this.#limits, caches: this.#caches };
    this.#budget = new CacheBudget(this.#limits.maxCacheBytes, () => storeSizes(cacheDir));
    this.#stores = new StoreMap((remote) => new Store(remote, context));
  }

  async listRefs(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    refuseSsh(remote);
    return this.#lsRefs.list(remote, prefixes, signal);
  }

  async history(remote: GitRemote, request: HistoryRequest, signal: AbortSignal): Promise<GitHistory> {
    refuseSsh(remote);
    const pack = await this.#packs.read(remote, this.#lsRefs.base(remote), historyRequest(request), signal);
    return historyOf(pack, this.#limits, signal);
  }

  async fetch(remote: GitRemote, target: FetchTarget, signal: AbortSignal, limit?: TimeLimit): Promise<FetchResult> {
    const { commit } = target;
    refuseSsh(remote);
    if (!isObjectId(commit)) {
      throw new GitError("GIT_REF_INVALID", `${JSON.stringify(commit)} is not a full commit id`);
    }
    const store = this.#stores.of(remote);
    try {
      return await store.exclusive(async () => {
        signal.throwIfAborted();
        if ((await store.record(commit)) !== undefined) return { fetched: false, bytes: 0, objects: 0 };
        const within = fetchLimit(this.#limits, remote, limit);
        const result = await this.#slots.run({ remote, tenant: target.tenant, signal, ms: within.ms }, async () => {
          await this.#budget.admit(remote);
          return this.#fetchInto(store, remote, target, signal, within);
        });
        this.#caches.touch();
        await this.#compactIfMany(store, remote);
        await this.#noteSize(store, remote);
        return result;
      }, signal);
    } catch (error) {
      // Unreadable packs of the store may be the cause: the next fetch uses the repaired store.
      if (!isDamage(error)) throw error;
      await store.heal();
      throw error instanceof GitError ? error : damaged(`the store of ${remote.url}`, error);
    }
  }

  async open(remote: GitRemote, commit: string): Promise<CommitSnapshot | undefined> {
    const store = this.#stores.of(remote);
    if ((await store.record(commit)) === undefined) return undefined;
    this.#caches.touch();
    await readOrHeal(store, commit).catch((error: unknown) => {
      if (!isGitError(error, "GIT_STORE_DAMAGED")) throw error;
    });
    if ((await store.record(commit)) === undefined) return undefined;
    return new TreeSnapshot(await readCommit(commit, await store.packs()), storeSource(store, commit, this.#caches));
  }

  async retain(remote: GitRemote, commits: readonly string[]): Promise<void> {
    const store = this.#stores.of(remote);
    await store.exclusive(async () => {
      const manifest = await store.manifest();
      const recent = this.#options.clock.now() - GRACE_MS;
      const all = Object.entries(manifest.commits);
      const kept = all.filter(([commit, { time }]) => commits.includes(commit) || time > recent);
      if (kept.length === all.length) return;
      const bytes = bytesOf(manifest.packs);
      const isWaste = bytes > 2 * manifest.compactBytes + this.#limits.trivialBytes;
      if (kept.length === 0) await store.remove();
      else if (isWaste) await store.compact(Object.fromEntries(kept));
      else await store.forget(Object.fromEntries(kept));
      await this.#noteSize(store, remote);
    });
  }

  async prune(keep: readonly GitRemote[]): Promise<void> {
    const kept = new Set(keep.map(({ id }) => id));
    await this.#stores.removeAllBut(kept);
    const { cacheDir } = this.#options;
    for (const name of await readdir(cacheDir).catch(() => [])) {
      if (!STORE_FOLDER.test(name) || kept.has(name) || this.#stores.has(name)) continue;
      await rm(join(cacheDir, name), { recursive: true, force: true });
    }
    this.#budget.recheck();
    this.#caches.release();
  }

  #noteSize(store: Store, remote: GitRemote): Promise<void> {
    return this.#budget.note(remote, async () => (await store.manifest()).packs);
  }

  async close(): Promise<void> {
    this.#caches.release();
    this.#connections.clear();
  }

  async #fetchInto(
    store: Store,
    remote: GitRemote,
    target: FetchTarget,
    signal: AbortSignal,
    limit: TimeLimit,
  ): Promise<FetchResult> {
    const { clock, logger } = this.#options;
    const began = clock.monotonic();
    const result = await withDeadline({ ...limit, clock, signal }, (within) =>
      this.#fetcher.fetch(store, { remote, base: this.#lsRefs.base(remote), target, signal: within }),
    );
    logger.debug("fetched a commit", {
      url: remote.url,
      commit: target.commit,
      bytes: result.bytes,
      objects: result.objects,
      ms: Math.round(clock.monotonic() - began),
    });
    return result;
  }

  /** Many small packs slow down reading. If repacking fails, they remain usable. */
  async #compactIfMany(store: Store, remote: GitRemote): Promise<void> {
    const { packs, commits } = await store.manifest();
    if (packs.length <= this.#limits.maxPacks) return;
    await store.compact(commits).catch((error: unknown) => {
      this.#options.logger.warn("failed to repack a Git store", { url: remote.url, error: messageOf(error) });
    });
  }
}

function refuseSsh({ ssh, url }: GitRemote): void {
  if (ssh === undefined) return;
  throw new GitError(
    "GIT_TRANSPORT_UNSUPPORTED",
    `${url} requires SSH, which only the native Git engine supports: install git and openssh-client and set --git-engine=native, or use an https:// URL`,
  );
}

/** Folder name of a store: the id of its remote. */
const STORE_FOLDER = /^[0-9a-f]{64}$/;

/** Returns the sizes of the stores in `cacheDir` according to their manifests. */
async function storeSizes(cacheDir: string): Promise<StoreSizes> {
  const sizes: StoreSizes = new Map();
  for (const id of await readdir(cacheDir).catch(() => [])) {
    if (!STORE_FOLDER.test(id)) continue;
    const { packs = [] } = (await readManifest(join(cacheDir, id))) ?? {};
    if (packs.length > 0) sizes.set(id, bytesOf(packs));
  }
  return sizes;
}
