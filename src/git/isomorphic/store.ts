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

/** Cached ids of complete trees, so that the next commit is only verified where it changed. */
const MAX_WHOLE_TREES = 50_000;

/** Shared by all stores of an engine. */
export interface StoreContext {
  readonly cacheDir: string;
  readonly caches: PackCaches;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Verified additions of a fetch. */
export interface Addition {
  readonly commit: string;
  readonly ref: string | undefined;
  /** Undefined if the store already had all objects. */
  readonly pack: IndexedPack | undefined;
  readonly shallow: readonly string[];
  /** Trees visited by the verification. */
  readonly trees: ReadonlySet<string>;
  /** Whether the pack contains the whole commit and not only the difference. */
  readonly whole: boolean;
}

/**
 * The packs of one remote on disk, and their verified commits. A pack is written before the manifest references it, and the
 * manifest is replaced atomically, so a process killed at any point leaves the store in its state before or after the change.
 * Damaged or missing packs are dropped with the commits that need them, and the next fetch restores them.
 */
export class Store {
  readonly #directory: string;
  readonly #remote: GitRemote;
  readonly #context: StoreContext;
  readonly #files: PackFiles;
  readonly #queue = new Semaphore(1);
  readonly #wholeTrees = new LRUCache<string, true>({ max: MAX_WHOLE_TREES });
  /** Readers of the packs used since `release`. */
  readonly #readers = new Map<string, Promise<PackReader>>();
  #manifest: Promise<Manifest> | undefined;
  /** Cached pack set of one manifest. */
  #set: { readonly packs: readonly PackRecord[]; readonly set: Promise<PackSet> } | undefined;

  constructor(remote: GitRemote, context: StoreContext) {
    this.#remote = remote;
    this.#context = context;
    this.#directory = join(context.cacheDir, remote.id);
    this.#files = new PackFiles(this.#directory, context.caches);
  }

  /** Runs `work` with exclusive write access. Reads continue meanwhile. `signal` aborts waiting. */
  exclusive<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(work, undefined, signal);
  }

  async record(commit: string): Promise<CommitRecord | undefined> {
    const { commits } = await this.manifest();
    return Object.hasOwn(commits, commit) ? commits[commit] : undefined;
  }

  /** Returns the manifest, checked against the pack files when this process first reads it. */
  manifest(): Promise<Manifest> {
    this.#manifest ??= this.#load();
    return this.#manifest;
  }

  /** Returns all packs, with their indexes in memory until `release`. */
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

  /** Returns the commit to offer as `have`: the newest of this ref, otherwise the newest of all. */
  async newest(ref: string | undefined): Promise<string | undefined> {
    const all = Object.entries((await this.manifest()).commits);
    const same = ref === undefined ? [] : all.filter(([, record]) => record.ref === ref);
    const candidates = same.length > 0 ? same : all;
    return candidates.reduce<(typeof all)[number] | undefined>(
      (best, next) => (best === undefined || next[1].time >= best[1].time ? next : best),
      undefined,
    )?.[0];
  }

  /** Returns whether a tree and everything below it is known to be in the packs. */
  isWholeTree(tree: string): boolean {
    return this.#wholeTrees.has(tree);
  }

  /** Writes the additions of a fetch. Call within `exclusive`. */
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
   * Repacks the objects that `commits` need into one pack, without network access, and drops all others. Throws without changes if
   * one of them is damaged. Call within `exclusive`.
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
      // Their parents are dropped, so all of them become shallow commits.
      const shallow = Object.keys(commits);
      await this.#publish({ ...before, packs, shallow, commits, compactBytes: pack.bytes.length });
      // Dropped trees are no longer complete.
      this.release();
      await this.#files.collectGarbage(packs, MANIFEST_FILE);
    });
    const fields = { url: this.#remote.url, packs: before.packs.length, objects: ids.size };
    this.#context.logger.debug("repacked a Git store", fields);
  }

  /** Reduces the manifest to `commits`; objects remain until `compact`. Call within `exclusive`. */
  async forget(commits: Readonly<Record<string, CommitRecord>>): Promise<void> {
    await this.#guardDisk(async () => this.#publish({ ...(await this.manifest()), commits }));
  }

  /** Checks all packs and commits, and drops damaged or incomplete ones. */
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

  /** Frees memory; data is read again when needed. */
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

  /** Returns the commits of `manifest` that are complete in `packs`; the identical object if all are. */
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

  /** Opens the newest pack first, which contains the objects of the newest commit. */
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
