import { rm } from "node:fs/promises";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import { Semaphore } from "../../base/semaphore.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import { walkCommit } from "../objects/walk.js";
import { type IndexedPack, indexPack } from "../pack/index-pack.js";
import { PackSet } from "../pack/pack-set.js";
import type { PackReader } from "../pack/reader.js";
import { writePack } from "../pack/write-pack.js";
import type { CommitRecord, PackRecord } from "../stores/store-records.js";
import { emptyManifest, MANIFEST_FILE, type Manifest, readManifest, writeManifest } from "./manifest.js";
import { type PackCaches, PackFiles } from "./pack-files.js";

/** Trees that are remembered to be whole, so that the next commit is verified by what it changed. */
const MAX_WHOLE_TREES = 50_000;

/** What all stores of an engine share. */
export interface StoreContext {
  readonly cacheDir: string;
  readonly caches: PackCaches;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a fetch adds to a store: all of it verified. */
export interface Addition {
  readonly commit: string;
  readonly ref: string | undefined;
  /** Undefined when the store had all objects already. */
  readonly pack: IndexedPack | undefined;
  readonly shallow: readonly string[];
  /** Trees that the verification went through. */
  readonly trees: ReadonlySet<string>;
  /** Whether the pack holds the whole commit, and not just what is new. */
  readonly whole: boolean;
}

/**
 * The packs of one remote on disk, and the commits that were verified in them. A pack is written before the manifest names
 * it, and the manifest is replaced in one step: a process killed at any point leaves a store as it was before or after.
 * What is found damaged or gone is dropped with the commits that needed it, and the next fetch brings it again.
 */
export class Store {
  readonly #directory: string;
  readonly #remote: GitRemote;
  readonly #context: StoreContext;
  readonly #files: PackFiles;
  readonly #queue = new Semaphore(1);
  readonly #wholeTrees = new LRUCache<string, true>({ max: MAX_WHOLE_TREES });
  /** Readers of the packs that were read from since `release`. */
  readonly #readers = new Map<string, Promise<PackReader>>();
  #manifest: Promise<Manifest> | undefined;
  /** The set for the packs of one manifest, so that a read does not put it together anew. */
  #set: { readonly packs: readonly PackRecord[]; readonly set: Promise<PackSet> } | undefined;

  constructor(remote: GitRemote, context: StoreContext) {
    this.#remote = remote;
    this.#context = context;
    this.#directory = join(context.cacheDir, remote.id);
    this.#files = new PackFiles(this.#directory, context.caches);
  }

  /** Runs `work` while nobody else changes this store. Reading goes on meanwhile. Waiting ends with `signal`. */
  exclusive<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(work, undefined, signal);
  }

  async record(commit: string): Promise<CommitRecord | undefined> {
    const { commits } = await this.manifest();
    return Object.hasOwn(commits, commit) ? commits[commit] : undefined;
  }

  /** The manifest, checked against the pack files when this process reads it first. */
  manifest(): Promise<Manifest> {
    this.#manifest ??= this.#load();
    return this.#manifest;
  }

  /** All packs, with their indexes in memory until `release`. */
  async packs(): Promise<PackSet> {
    const { packs } = await this.manifest();
    const known = this.#set?.packs === packs ? this.#set : { packs, set: this.#open(packs) };
    this.#set = known;
    try {
      return await known.set;
    } catch (error) {
      if (this.#set === known) this.#set = undefined;
      throw error;
    }
  }

  /** The commit to tell the server that we have: the newest of this ref, otherwise the newest of all. */
  async newest(ref: string | undefined): Promise<string | undefined> {
    const all = Object.entries((await this.manifest()).commits);
    const same = ref === undefined ? [] : all.filter(([, record]) => record.ref === ref);
    const candidates = same.length > 0 ? same : all;
    return candidates.reduce<(typeof all)[number] | undefined>(
      (best, next) => (best === undefined || next[1].time >= best[1].time ? next : best),
      undefined,
    )?.[0];
  }

  /** Whether a tree and all below it are known to be in the packs. */
  isWholeTree(tree: string): boolean {
    return this.#wholeTrees.has(tree);
  }

  /** Writes what a fetch brought. To be called within `exclusive`. */
  async add(addition: Addition): Promise<void> {
    const before = await this.manifest();
    const { commit, ref, pack, shallow, trees, whole } = addition;
    await this.#guardDisk(async () => {
      await this.#files.collectGarbage(before.packs, MANIFEST_FILE);
      const isNew = pack !== undefined && before.packs.every(({ name }) => name !== pack.name);
      const record: CommitRecord = { ...(ref === undefined ? {} : { ref }), time: this.#context.clock.now() };
      await this.#publish({
        ...before,
        packs: isNew ? [...before.packs, await this.#files.write(pack)] : before.packs,
        shallow: [...shallow],
        commits: { ...before.commits, [commit]: record },
        compactBytes: whole && pack !== undefined ? pack.bytes.length : before.compactBytes,
      });
    });
    for (const tree of trees) this.#wholeTrees.set(tree, true);
  }

  /**
   * Packs what `commits` need anew into one pack, without the network, and drops the rest. Does nothing when one of them is
   * damaged. To be called within `exclusive`.
   */
  async compact(commits: Readonly<Record<string, CommitRecord>>): Promise<void> {
    const before = await this.manifest();
    const source = await this.packs();
    const ids = new Set<string>();
    const found = (id: string): void => void ids.add(id);
    for (const commit of Object.keys(commits))
      await walkCommit(commit, source, { found, isKnown: (id) => ids.has(id) });
    const pack = await indexPack(await writePack(ids, source), this.#context.limits);
    await this.#guardDisk(async () => {
      const packs = [await this.#files.write(pack)];
      // Their parents stay behind, so to the server all of them are commits at the edge of a shallow clone.
      const shallow = Object.keys(commits);
      await this.#publish({ ...before, packs, shallow, commits, compactBytes: pack.bytes.length });
      // Trees that were left out are whole no longer.
      this.release();
      await this.#files.collectGarbage(packs, MANIFEST_FILE);
    });
    const fields = { url: this.#remote.url, packs: before.packs.length, objects: ids.size };
    this.#context.logger.debug("packed a Git store anew", fields);
  }

  /** Names only `commits` from now on; objects stay until `compact`. To be called within `exclusive`. */
  async forget(commits: Readonly<Record<string, CommitRecord>>): Promise<void> {
    await this.#guardDisk(async () => this.#publish({ ...(await this.manifest()), commits }));
  }

  /** Checks all packs and commits, and drops what is not whole any more. */
  heal(): Promise<void> {
    return this.exclusive(async () => {
      this.release();
      this.#context.caches.clear();
      const before = await this.manifest();
      const packs = await this.#soundPacks(before);
      const commits = await this.#wholeCommits(before, packs);
      if (packs.length === before.packs.length && commits === before.commits) return;
      await this.#guardDisk(() => this.#publish({ ...before, packs, commits }));
    });
  }

  /** Lets go of memory; what is needed again is read again. */
  release(): void {
    this.#readers.clear();
    this.#set = undefined;
    this.#wholeTrees.clear();
  }

  /** Removes the store from the disk. */
  async remove(): Promise<void> {
    this.release();
    await rm(this.#directory, { recursive: true, force: true });
    this.#manifest = Promise.resolve(emptyManifest(this.#remote.url));
  }

  async #load(): Promise<Manifest> {
    const manifest = (await readManifest(this.#directory)) ?? emptyManifest(this.#remote.url);
    const packs = await this.#soundPacks(manifest);
    if (packs.length === manifest.packs.length) return manifest;
    return { ...manifest, packs, commits: await this.#wholeCommits(manifest, packs) };
  }

  async #soundPacks(manifest: Manifest): Promise<readonly PackRecord[]> {
    const sound: PackRecord[] = [];
    for (const pack of manifest.packs) {
      if (await this.#files.isSound(pack)) sound.push(pack);
      else this.#warn("dropped a damaged pack from a Git store; its objects will be fetched again", pack.name);
    }
    return sound;
  }

  /** The commits of `manifest` that are whole in `packs`; the very same record when all are. */
  async #wholeCommits(manifest: Manifest, packs: readonly PackRecord[]): Promise<Manifest["commits"]> {
    const source = await this.#open(packs);
    const whole: Record<string, CommitRecord> = {};
    for (const [commit, record] of Object.entries(manifest.commits)) {
      if (await isWhole(commit, source)) whole[commit] = record;
      else this.#warn("dropped an incomplete commit from a Git store; it will be fetched again", commit);
    }
    return Object.keys(whole).length === Object.keys(manifest.commits).length ? manifest.commits : whole;
  }

  async #publish(manifest: Manifest): Promise<void> {
    await writeManifest(this.#directory, manifest);
    this.#manifest = Promise.resolve(manifest);
  }

  /** The newest pack first: that is where the objects of the newest commit are. */
  async #open(packs: readonly PackRecord[]): Promise<PackSet> {
    return new PackSet(await Promise.all(packs.toReversed().map((pack) => this.#reader(pack))));
  }

  #reader(pack: PackRecord): Promise<PackReader> {
    const known = this.#readers.get(pack.name);
    if (known !== undefined) return known;
    const opening = this.#files.open(pack);
    this.#readers.set(pack.name, opening);
    opening.catch(() => this.#readers.delete(pack.name));
    return opening;
  }

  #warn(message: string, what: string): void {
    this.#context.logger.warn(message, { url: this.#remote.url, object: what });
  }

  async #guardDisk(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (error instanceof GitError) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      throw new GitError(
        "GIT_STORE_UNWRITABLE",
        `cannot write objects of ${this.#remote.url} to the cache directory (${code}): check its free space and permissions`,
        { cause: error },
      );
    }
  }
}

function isWhole(commit: string, packs: PackSet): Promise<boolean> {
  return walkCommit(commit, packs).then(
    () => true,
    () => false,
  );
}
