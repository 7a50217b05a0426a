import { mkdir, readdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { PackRequest } from "../history/request.js";
import type { GitLimits } from "../limits.js";
import { guardDisk } from "../native/damage.js";
import { type ParsedCommit, parseCommit } from "../objects/commit.js";
import { notACommit } from "../objects/not-a-commit.js";
import type { SnapshotSource } from "../objects/snapshot.js";
import { type ParsedTree, parseTree } from "../objects/tree.js";
import type { GitObject, ObjectType } from "../pack/entry.js";
import { Idx } from "../pack/idx.js";
import type { IndexedPack } from "../pack/index-pack.js";
import { PackSet } from "../pack/pack-set.js";
import { TimeSlice } from "../pack/time-slice.js";
import { ObjectFiles } from "./object-files.js";

/** Receives objects from a server, verified. */
export type ReceivePack = (remote: GitRemote, request: PackRequest, signal: AbortSignal) => Promise<IndexedPack>;

/** Options of a store. */
export interface SparseStoreOptions {
  readonly directory: string;
  readonly receive: ReceivePack;
  /** Called with the size of the store after objects were stored or removed. */
  readonly stored: (bytes: number) => Promise<void>;
  readonly limits: GitLimits;
  readonly clock: Clock;
  /** Parsed trees, shared by all stores. */
  readonly trees: LRUCache<string, ParsedTree>;
}

/** Trees of which is remembered that all below is stored. */
const MAX_TREES = 2_000;
/** How long a repository counts as too large for a complete fetch. */
const OVERSIZED_MS = 24 * 3_600_000;
/** Inflated bytes of objects that are in memory together. */
const PART_BYTES = 2 ** 20;
/** Objects in one request. */
const MAX_WANTS = 5_000;

/** A commit fetched this recently is always kept by `retain`: its fetch may be newer than the list of needed commits. */
const GRACE_MS = 600_000;

const OVERSIZED = "oversized";
const COMMITS = "commits";

/** Blobs that are requested together. */
interface Batch {
  readonly ids: Set<string>;
  readonly received: Promise<void>;
}

/**
 * The objects of a repository that is too large to be fetched completely. Commits are fetched without files; trees and files when they
 * are read. Every object is verified by its id, and what did not change between commits is fetched once.
 */
export class SparseStore implements SnapshotSource {
  readonly #remote: GitRemote;
  readonly #options: SparseStoreOptions;
  readonly #objects: ObjectFiles;
  /** Trees whose descendants are all stored. */
  readonly #listed = new LRUCache<string, true>({ max: MAX_TREES });
  /** Blobs to request together. */
  #wanted: Batch | undefined;

  constructor(remote: GitRemote, options: SparseStoreOptions) {
    this.#remote = remote;
    this.#options = options;
    this.#objects = new ObjectFiles(join(options.directory, "objects"));
  }

  /** Whether a complete fetch was too large within the last day. */
  async isOversized(): Promise<boolean> {
    const found = await stat(this.#path(OVERSIZED)).catch(() => undefined);
    return found !== undefined && this.#options.clock.now() - found.mtimeMs < OVERSIZED_MS;
  }

  /** Records that a complete fetch is too large. */
  async markOversized(): Promise<void> {
    await guardDisk(this.#remote, () => writeFile(this.#path(OVERSIZED), ""));
  }

  /** Fetches a commit without its files. Returns the received bytes. */
  async fetch(commit: string, ref: string | undefined, signal: AbortSignal): Promise<number> {
    // Objects of earlier commits: those that are still used are fetched again.
    if ((await this.#objects.bytes()) > this.#options.limits.maxPackBytes / 2) await this.#clear();
    const bytes = await this.#receiveCommit(commit, ref, signal);
    await guardDisk(this.#remote, async () => {
      await mkdir(this.#path(COMMITS), { recursive: true, mode: 0o700 });
      await writeFile(this.#path(COMMITS, commit), "");
    });
    return bytes;
  }

  async #receiveCommit(commit: string, ref: string | undefined, signal: AbortSignal): Promise<number> {
    const { receive } = this.#options;
    const request = { wants: [commit], depth: 1, filter: "tree:0", needsFilter: true, remedy: REMEDY } as const;
    const pack = await receive(this.#remote, request, signal);
    await this.#store(pack);
    const object = await this.#objects.read(commit, this.#options.limits.maxObjectBytes);
    if (object === undefined) throw missing(commit, "commit");
    if (object.type !== "commit") throw notACommit({ id: commit, type: object.type }, undefined, ref);
    parseCommit(object.content, commit);
    return pack.bytes.length;
  }

  /** Returns a commit; undefined if it was not fetched. */
  async commit(id: string): Promise<ParsedCommit | undefined> {
    if ((await stat(this.#path(COMMITS, id)).catch(() => undefined)) === undefined) return undefined;
    const { limits } = this.#options;
    const read = (): Promise<GitObject | undefined> => this.#objects.read(id, limits.maxObjectBytes);
    const stored = await read();
    if (stored === undefined) await this.#receiveCommit(id, undefined, AbortSignal.timeout(limits.fetchTimeoutMs));
    const object = stored ?? (await read());
    return object?.type === "commit" ? parseCommit(object.content, id) : undefined;
  }

  /** Forgets all other commits, except recently fetched ones. */
  async retain(commits: readonly string[]): Promise<void> {
    for (const id of await readdir(this.#path(COMMITS)).catch(() => [])) {
      const file = this.#path(COMMITS, id);
      const fetchedAt = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
      const isOld = this.#options.clock.now() - fetchedAt > GRACE_MS;
      if (isOld && !commits.includes(id)) await unlink(file).catch(() => {});
    }
  }

  /** See `SnapshotSource`. */
  async readTree(id: string): Promise<ParsedTree> {
    const known = this.#options.trees.get(id) ?? (await this.#storedTree(id));
    if (known !== undefined) return known;
    await this.#receive({ wants: [id], filter: "tree:0" });
    const tree = await this.#storedTree(id);
    if (tree === undefined) throw missing(id, "tree");
    return tree;
  }

  /** See `SnapshotSource`. Reads at the same time share a request. */
  async readBlob(id: string): Promise<Buffer> {
    const stored = await this.#objects.read(id, this.#options.limits.maxObjectBytes);
    if (stored?.type === "blob") return stored.content;
    this.#wanted ??= this.#batch();
    this.#wanted.ids.add(id);
    await this.#wanted.received;
    const received = await this.#objects.read(id, this.#options.limits.maxObjectBytes);
    if (received?.type !== "blob") throw missing(id, "file");
    return received.content;
  }

  /** See `SnapshotSource`. One request for what is missing, with all trees below. */
  async prepareTrees(id: string): Promise<void> {
    if (this.#listed.has(id)) return;
    const absent = await this.#absentTrees(id);
    if (absent.length > 0) await this.#receive({ wants: absent, filter: "blob:none" });
    this.#listed.set(id, true);
  }

  /** See `SnapshotSource`. */
  async prepareBlobs(ids: readonly string[]): Promise<void> {
    const absent: string[] = [];
    for (const id of new Set(ids)) if (!(await this.#objects.has(id))) absent.push(id);
    if (absent.length > 0) await this.#receive({ wants: absent });
  }

  /** Returns the missing trees at and below a tree whose parent is stored. */
  async #absentTrees(root: string): Promise<string[]> {
    const absent = new Set<string>();
    const queue = [root];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const tree = this.#options.trees.get(id) ?? (await this.#storedTree(id));
      if (tree === undefined) absent.add(id);
      else for (const row of tree.rows) if (row.kind === "tree" && !this.#listed.has(row.id)) queue.push(row.id);
    }
    return [...absent];
  }

  async #storedTree(id: string): Promise<ParsedTree | undefined> {
    const object = await this.#objects.read(id, this.#options.limits.maxObjectBytes);
    if (object?.type !== "tree") return undefined;
    const tree = parseTree(object.content, id);
    this.#options.trees.set(id, tree);
    return tree;
  }

  /** Starts a batch, which is requested in the next turn of the event loop. */
  #batch(): Batch {
    const ids = new Set<string>();
    const received = nextTurn().then(() => {
      this.#wanted = undefined;
      return this.#receive({ wants: [...ids] });
    });
    return { ids, received };
  }

  /** Requests objects in parts, and stores them. */
  async #receive({ wants, filter }: Pick<PackRequest, "wants" | "filter">): Promise<void> {
    const { receive, limits } = this.#options;
    for (let at = 0; at < wants.length; at += MAX_WANTS) {
      const signal = AbortSignal.timeout(limits.fetchTimeoutMs);
      const request = { wants: wants.slice(at, at + MAX_WANTS), needsFilter: true, remedy: REMEDY };
      const pack = await receive(this.#remote, filter === undefined ? request : { ...request, filter }, signal);
      await this.#store(pack);
    }
  }

  /** Stores the objects of a pack in parts: inflated, all of them together may not fit into memory. */
  async #store(pack: IndexedPack): Promise<void> {
    const { maxPackBytes } = this.#options.limits;
    if ((await this.#objects.bytes()) + pack.bytes.length > maxPackBytes) {
      const mib = Math.round(maxPackBytes / 2 ** 20);
      const what = `the files that apps read of ${this.#remote.url} exceed the limit of ${mib} MiB`;
      throw new GitError("GIT_TOO_LARGE", `${what}: ${REMEDY}`);
    }
    const packs = new PackSet([]).with(pack);
    let part: (readonly [id: string, object: GitObject])[] = [];
    let bytes = 0;
    const slice = new TimeSlice();
    for (const id of new Idx(pack.idx, pack.bytes.subarray(-20)).ids()) {
      if (slice.due) await slice.pause();
      const object = await packs.read(id);
      if (object === undefined) continue;
      part.push([id, object]);
      bytes += object.content.length;
      if (bytes < PART_BYTES) continue;
      await this.#write(part);
      part = [];
      bytes = 0;
    }
    await this.#write(part);
    await this.#options.stored(await this.#objects.bytes());
  }

  async #write(objects: readonly (readonly [id: string, object: GitObject])[]): Promise<void> {
    await guardDisk(this.#remote, () => this.#objects.write(objects));
  }

  async #clear(): Promise<void> {
    await this.#objects.clear();
    this.#listed.clear();
    await this.#options.stored(0);
  }

  #path(...parts: readonly string[]): string {
    return join(this.#options.directory, ...parts);
  }
}

const REMEDY = "set source.path to smaller directories, or raise the operator flag --git-max-fetch-bytes";

function missing(id: string, what: "file" | ObjectType): GitError {
  return new GitError("GIT_INCOMPLETE", `the server did not send the ${what} ${id}; the request is retried`);
}
