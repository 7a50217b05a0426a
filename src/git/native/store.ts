import { randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import { Semaphore } from "../../base/semaphore.js";
import type { GitRemote } from "../engine.js";
import { isGitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import type { GitObject } from "../pack/entry.js";
import type { CommitRecord, PackRecord } from "../stores/store-records.js";
import { damaged, guardDisk } from "./damage.js";
import { collectGarbage } from "./garbage-collection.js";
import { type Generation, type NativeManifest, publishGeneration, readGeneration } from "./manifest.js";
import { PackDirectory } from "./pack-directory.js";
import type { GitProgram } from "./program.js";
import type { ReaderPool } from "./reader-pool.js";
import { verify } from "./verify.js";
import { makeBareRepository, Workspace } from "./workspace.js";

/** Shared by all stores of an engine. */
export interface StoreContext {
  readonly cacheDir: string;
  readonly git: GitProgram;
  readonly readers: ReaderPool;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a known commit is trusted without checking the disk; a failed read repairs the store. */
const RECENT_MS = 200;

/** Prefix of removed stores until their files are deleted. */
export const TRASH_PREFIX = "trash-";

/**
 * The packs of one remote on disk, and their verified commits. Several processes may share a store: each change is a new
 * generation of the manifest, which only one of them can publish, and work in progress is kept in workspaces. A process killed at
 * any point leaves the store in its state before or after the change.
 */
export class NativeStore {
  readonly directory: string;
  readonly packs: PackDirectory;
  readonly #remote: GitRemote;
  readonly #context: StoreContext;
  readonly #queue = new Semaphore(1);
  readonly #refreshes = new Semaphore(1);
  /** Packs that this process has checked. */
  readonly #intact = new Set<string>();
  /** Resolved unless packs are being removed. */
  #gate: Promise<unknown> = Promise.resolve();
  #generation: Generation | undefined;
  /** Monotonic time of the last refresh. */
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #healing: Promise<boolean> | undefined;

  constructor(remote: GitRemote, context: StoreContext) {
    this.#remote = remote;
    this.#context = context;
    this.directory = join(context.cacheDir, `${remote.id}.git`);
    this.packs = new PackDirectory(join(this.directory, "packs"));
  }

  /** Runs `work` with exclusive write access within this process. Reads continue meanwhile. `signal` aborts waiting. */
  exclusive<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(work, undefined, signal);
  }

  /**
   * Returns the record of a commit; undefined if the store does not have it. A recent refresh is reused, because all apps of a
   * repository read a new commit at the same time.
   */
  async record(commit: string): Promise<CommitRecord | undefined> {
    const isRecent = this.#context.clock.monotonic() - this.#refreshedAt < RECENT_MS;
    const recent = isRecent && this.#generation ? recordIn(this.#generation, commit) : undefined;
    return recent ?? recordIn(await this.current(), commit);
  }

  /** Returns the newest generation. Packs new to this process are checked; damaged ones are dropped. */
  current(): Promise<Generation> {
    return guardDisk(this.#remote, () => this.#refreshes.run(() => this.#refresh()));
  }

  /** Reads the object `id` from any pack. Throws `GIT_STORE_DAMAGED` after a repair. */
  async read(id: string): Promise<GitObject | undefined> {
    const found = await this.#readOnce(id).catch((error: unknown) => {
      if (!isGitError(error, "GIT_PACK_CORRUPT")) throw error;
    });
    if (found !== undefined) return found;
    await this.heal();
    return this.#readOnce(id).catch((error: unknown) => {
      throw isGitError(error, "GIT_PACK_CORRUPT") ? damaged(`object ${id}`, error) : error;
    });
  }

  /**
   * Creates a workspace with the packs of `generation`, after removing those of killed processes. Throws `GIT_STORE_DAMAGED` if
   * one of these packs is missing: another process may have dropped it while this one added it again.
   */
  async workspace({ manifest }: Generation, commits: readonly string[]): Promise<Workspace> {
    return guardDisk(this.#remote, async () => {
      await this.#prepare();
      await collectGarbage(this, manifest, this.#context);
      return Workspace.make(this.directory, this.packs, { packs: manifest.packs, commits }).catch((error: unknown) => {
        throw isMissing(error) ? damaged(`the store of ${this.#remote.url}`, error) : error;
      });
    });
  }

  /** Makes the next call check the disk. */
  recheck(): void {
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Replaces the manifest with the result of `change` for the newest one; undefined means no change. `change` is called again if
   * another process was faster.
   */
  async update(change: (manifest: NativeManifest) => NativeManifest | undefined): Promise<boolean> {
    return guardDisk(this.#remote, async () => {
      for (;;) {
        const { number, manifest } = await this.current();
        const next = change(manifest);
        if (next === undefined) return false;
        if (!(await publishGeneration(this.directory, number, next))) continue;
        this.recheck();
        return true;
      }
    });
  }

  /** Adds a new pack, which is not visible until a manifest references it. */
  async take(pack: PackRecord, from: PackDirectory): Promise<void> {
    await guardDisk(this.#remote, () => this.packs.take(pack, from));
    this.#intact.add(pack.name);
  }

  /** Removes pack files while this process does not read. Other processes use other packs, or repair the store. */
  async drop(packs: readonly PackRecord[]): Promise<void> {
    const done = this.#gate.then(async () => {
      await this.#context.readers.release(this.directory);
      await this.packs.remove(packs.map(({ name }) => name));
    });
    this.#gate = done.catch(() => {});
    for (const { name } of packs) this.#intact.delete(name);
    await guardDisk(this.#remote, () => done);
  }

  /**
   * Checks all packs and commits, and drops damaged, incomplete and invalid ones. Concurrent calls share one check. Returns whether
   * the store changed.
   */
  heal(): Promise<boolean> {
    this.#healing ??= this.#heal().finally(() => {
      this.#healing = undefined;
    });
    return this.#healing;
  }

  /** Removes the store from the disk, atomically for other processes. */
  async remove(): Promise<void> {
    await this.#context.readers.release(this.directory);
    this.#intact.clear();
    this.recheck();
    const trash = join(dirname(this.directory), TRASH_PREFIX + randomBytes(8).toString("hex"));
    await rename(this.directory, trash).catch(() => {});
    await rm(trash, { recursive: true, force: true });
  }

  async #heal(): Promise<boolean> {
    await this.#context.readers.release(this.directory);
    return this.#refreshes.run(async () => {
      const before = this.#generation?.number;
      this.#intact.clear();
      this.#generation = undefined;
      this.recheck();
      const { number } = await this.#dropUnusable(await this.#refresh());
      return number !== before;
    });
  }

  /** Publishes a generation without commits that are incomplete or not commit objects. */
  async #dropUnusable(generation: Generation): Promise<Generation> {
    const { number, manifest } = generation;
    const commits = await this.#whole(manifest, manifest.packs);
    const [kept, all] = [Object.keys(commits).length, Object.keys(manifest.commits).length];
    if (kept === all) return generation;
    const fields = { url: this.#remote.url, dropped: all - kept, kept };
    this.#context.logger.warn("dropped unusable commits from a Git store; they will be fetched again", fields);
    // If another process was faster, its generation is used.
    await guardDisk(this.#remote, () => publishGeneration(this.directory, number, { ...manifest, commits }));
    this.#generation = undefined;
    return this.#refresh();
  }

  async #readOnce(id: string): Promise<GitObject | undefined> {
    await this.#gate;
    return this.#context.readers.read(this.directory, this.packs.path, id);
  }

  async #prepare(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await makeBareRepository(this.directory);
    await this.packs.make();
  }

  async #refresh(): Promise<Generation> {
    for (;;) {
      const began = this.#context.clock.monotonic();
      const generation = await readGeneration(this.directory, this.#remote.url, this.#generation);
      if (generation === this.#generation) {
        this.#refreshedAt = began;
        return generation;
      }
      const damagedPacks = await this.#damagedPacks(generation.manifest);
      if (damagedPacks.length === 0) {
        this.#generation = generation;
        this.#refreshedAt = began;
        return generation;
      }
      await this.#dropPacks(generation, damagedPacks);
    }
  }

  async #damagedPacks({ packs }: NativeManifest): Promise<PackRecord[]> {
    const damagedPacks: PackRecord[] = [];
    for (const pack of packs) {
      if (this.#intact.has(pack.name)) continue;
      if (await this.packs.isSound(pack)) this.#intact.add(pack.name);
      else damagedPacks.push(pack);
    }
    return damagedPacks;
  }

  /** Publishes a generation without damaged packs and their commits. The next refresh reads it, or that of a faster process. */
  async #dropPacks({ number, manifest }: Generation, dropped: readonly PackRecord[]): Promise<void> {
    const packs = manifest.packs.filter((pack) => !dropped.includes(pack));
    const commits = await this.#whole(manifest, packs);
    const fields = { url: this.#remote.url, packs: dropped.length, kept: Object.keys(commits).length };
    this.#context.logger.warn("dropped damaged packs from a Git store; their objects will be fetched again", fields);
    const isPublished = await guardDisk(this.#remote, () =>
      publishGeneration(this.directory, number, { ...manifest, packs, commits }),
    );
    if (isPublished) await this.drop(dropped);
  }

  /** Git fails every command if the list of shallow commits contains another kind of object. */
  async #isCommit(id: string): Promise<boolean> {
    const object = await this.#readOnce(id).catch((error: unknown) => {
      if (!isGitError(error, "GIT_PACK_CORRUPT")) throw error;
    });
    return object?.type === "commit";
  }

  /** Returns the commits of `manifest` that are complete in `packs`. */
  async #whole(manifest: NativeManifest, packs: readonly PackRecord[]): Promise<NativeManifest["commits"]> {
    if (packs.length === 0) return {};
    const all: [string, CommitRecord][] = [];
    for (const entry of Object.entries(manifest.commits)) if (await this.#isCommit(entry[0])) all.push(entry);
    if (all.length === 0) return {};
    const { git, limits } = this.#context;
    const commits = all.map(([commit]) => commit);
    const workspace = await guardDisk(this.#remote, () =>
      Workspace.make(this.directory, this.packs, { packs, commits }),
    );
    try {
      const { path: directory, known } = workspace;
      const signal = AbortSignal.timeout(limits.fetchTimeoutMs);
      const whole: (typeof all)[number][] = [];
      for (const entry of all) {
        const { outcome, notCommits } = await verify(git, {
          ...{ directory, objects: known.path, commits: [entry[0]], verified: [], signal },
          maxObjects: Number.POSITIVE_INFINITY,
        });
        if (outcome.code === 0 && notCommits.length === 0) whole.push(entry);
      }
      return Object.fromEntries(whole);
    } finally {
      await workspace.remove();
    }
  }
}

function recordIn({ manifest: { commits } }: Generation, commit: string): CommitRecord | undefined {
  return Object.hasOwn(commits, commit) ? commits[commit] : undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
