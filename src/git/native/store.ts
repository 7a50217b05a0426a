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

/** What all stores of an engine share. */
export interface StoreContext {
  readonly cacheDir: string;
  readonly git: GitProgram;
  readonly readers: ReaderPool;
  readonly limits: GitLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a commit that was there counts as there without another look at the disk; a reader heals what is not. */
const RECENT_MS = 200;

/** What is left of removed stores until their files are gone. */
export const TRASH_PREFIX = "trash-";

/**
 * The packs of one remote on disk, and the commits that were verified in them. Several processes may share it: each change
 * is a new generation of the manifest, which only one of them can publish, and work in progress lies in workspaces. A
 * process killed at any point leaves a store as it was before or after.
 */
export class NativeStore {
  readonly directory: string;
  readonly packs: PackDirectory;
  readonly #remote: GitRemote;
  readonly #context: StoreContext;
  readonly #queue = new Semaphore(1);
  readonly #refreshes = new Semaphore(1);
  /** Packs that this process has found sound. */
  readonly #sound = new Set<string>();
  /** Settled unless packs are just being removed. */
  #gate: Promise<unknown> = Promise.resolve();
  #generation: Generation | undefined;
  /** Monotonic time of the last look at the newest generation. */
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #healing: Promise<boolean> | undefined;

  constructor(remote: GitRemote, context: StoreContext) {
    this.#remote = remote;
    this.#context = context;
    this.directory = join(context.cacheDir, `${remote.id}.git`);
    this.packs = new PackDirectory(join(this.directory, "packs"));
  }

  /** Runs `work` while nobody else of this process changes this store. Reading goes on meanwhile. Waiting ends with `signal`. */
  exclusive<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(work, undefined, signal);
  }

  /**
   * What is known of a commit. A look that is just over serves those who ask for the same commit right afterwards: all apps
   * of a repository do so when it has a new one.
   */
  async record(commit: string): Promise<CommitRecord | undefined> {
    const isRecent = this.#context.clock.monotonic() - this.#refreshedAt < RECENT_MS;
    const recent = isRecent && this.#generation ? recordIn(this.#generation, commit) : undefined;
    return recent ?? recordIn(await this.current(), commit);
  }

  /** The newest generation. Packs that this process has not seen before are checked; damaged ones are dropped. */
  current(): Promise<Generation> {
    return guardDisk(this.#remote, () => this.#refreshes.run(() => this.#refresh()));
  }

  /** The object `id`, of any pack. Whoever shares its id shares its content. Throws `GIT_STORE_DAMAGED` after healing. */
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
   * A workspace that knows the packs of `generation`, made after what killed processes left behind was removed. Throws
   * `GIT_STORE_DAMAGED` when one of these packs is gone: another process may have dropped it while this one took it in again.
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

  /** Whatever was seen just now: the next who asks looks at the disk. */
  recheck(): void {
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Replaces the manifest by what `change` makes of the newest one; undefined for nothing to be changed. Called again when
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

  /** Takes a new pack in; nobody sees it before a manifest names it. */
  async take(pack: PackRecord, from: PackDirectory): Promise<void> {
    await guardDisk(this.#remote, () => this.packs.take(pack, from));
    this.#sound.add(pack.name);
  }

  /** Removes pack files while nobody of this process reads. Other processes find what they need in other packs, or heal. */
  async drop(packs: readonly PackRecord[]): Promise<void> {
    const done = this.#gate.then(async () => {
      await this.#context.readers.release(this.directory);
      await this.packs.remove(packs.map(({ name }) => name));
    });
    this.#gate = done.catch(() => {});
    for (const { name } of packs) this.#sound.delete(name);
    await guardDisk(this.#remote, () => done);
  }

  /**
   * Checks all packs and commits anew, and drops what is not whole or no commit. Once for all who ask at the same time. True
   * when the store is another one than before.
   */
  heal(): Promise<boolean> {
    this.#healing ??= this.#heal().finally(() => {
      this.#healing = undefined;
    });
    return this.#healing;
  }

  /** Removes the store from the disk: in one step for everybody else. */
  async remove(): Promise<void> {
    await this.#context.readers.release(this.directory);
    this.#sound.clear();
    this.recheck();
    const trash = join(dirname(this.directory), TRASH_PREFIX + randomBytes(8).toString("hex"));
    await rename(this.directory, trash).catch(() => {});
    await rm(trash, { recursive: true, force: true });
  }

  async #heal(): Promise<boolean> {
    await this.#context.readers.release(this.directory);
    return this.#refreshes.run(async () => {
      const before = this.#generation?.number;
      this.#sound.clear();
      this.#generation = undefined;
      this.recheck();
      const { number } = await this.#dropUnusable(await this.#refresh());
      return number !== before;
    });
  }

  /** Publishes a generation without the commits that are not whole, or whose id is another object's. */
  async #dropUnusable(generation: Generation): Promise<Generation> {
    const { number, manifest } = generation;
    const commits = await this.#whole(manifest, manifest.packs);
    const [kept, all] = [Object.keys(commits).length, Object.keys(manifest.commits).length];
    if (kept === all) return generation;
    const fields = { url: this.#remote.url, dropped: all - kept, kept };
    this.#context.logger.warn("dropped unusable commits from a Git store; they will be fetched again", fields);
    // Where another process was faster, its generation is the one to look at.
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
      const unsound = await this.#unsound(generation.manifest);
      if (unsound.length === 0) {
        this.#generation = generation;
        this.#refreshedAt = began;
        return generation;
      }
      await this.#dropPacks(generation, unsound);
    }
  }

  async #unsound({ packs }: NativeManifest): Promise<PackRecord[]> {
    const unsound: PackRecord[] = [];
    for (const pack of packs) {
      if (this.#sound.has(pack.name)) continue;
      if (await this.packs.isSound(pack)) this.#sound.add(pack.name);
      else unsound.push(pack);
    }
    return unsound;
  }

  /** Publishes a generation without damaged packs and what was in them. The next look sees it, or a faster process's. */
  async #dropPacks({ number, manifest }: Generation, unsound: readonly PackRecord[]): Promise<void> {
    const packs = manifest.packs.filter((pack) => !unsound.includes(pack));
    const commits = await this.#whole(manifest, packs);
    const fields = { url: this.#remote.url, packs: unsound.length, kept: Object.keys(commits).length };
    this.#context.logger.warn("dropped damaged packs from a Git store; their objects will be fetched again", fields);
    const isOurs = await guardDisk(this.#remote, () =>
      publishGeneration(this.directory, number, { ...manifest, packs, commits }),
    );
    if (isOurs) await this.drop(unsound);
  }

  /** Git takes a list of shallow commits that names another object for a fault, whatever it is asked to do. */
  async #isCommit(id: string): Promise<boolean> {
    const object = await this.#readOnce(id).catch((error: unknown) => {
      if (!isGitError(error, "GIT_PACK_CORRUPT")) throw error;
    });
    return object?.type === "commit";
  }

  /** The commits of `manifest` that are whole in `packs`. */
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
