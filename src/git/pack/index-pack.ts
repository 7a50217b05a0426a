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
 * No object is inflated beyond the limit. Throws `GIT_PACK_CORRUPT` or `GIT_TOO_LARGE`.
 *
 * A pack of 2,000 small files takes some 60 ms of CPU, a sixth of isomorphic-git's time, which also inflates without a limit and
 * silently omits unreadable objects.
 */
export async function indexPack(bytes: Buffer, limits: PackLimits): Promise<IndexedPack> {
  const count = checkFrame(bytes, limits);
  const indexer = new Indexer(bytes, limits);
  const slice = new TimeSlice();
  let at = 12;
  for (let i = 0; i < count; i++) {
    at = indexer.add(at);
    if (slice.due) await slice.pause();
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

/** Walks a pack once, and then the deltas whose base came after them. */
class Indexer {
  readonly #bytes: Buffer;
  readonly #limits: PackLimits;
  readonly #rows: IdxRow[] = [];
  /** Cached delta bases. Fits the largest object, otherwise a chain of large ones would take quadratic time. */
  readonly #bases: LRUCache<number, GitObject>;
  /** Deltas whose base, named by id, has not been read yet. */
  #waiting: { readonly offset: number; readonly crc: number }[] = [];
  /** Offsets by id; built for the first delta that names its base by id. */
  #byId: Map<string, number> | undefined;

  constructor(bytes: Buffer, limits: PackLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
    const sizeCalculation = ({ content }: GitObject): number => content.length + 256;
    this.#bases = new LRUCache({ maxSize: limits.maxObjectBytes + 256, sizeCalculation });
  }

  /** Adds the entry at `offset` and returns the offset of the next one. */
  add(offset: number): number {
    const { head, data, deflated } = this.#inflate(offset);
    const end = head.dataAt + deflated;
    const crc = crc32(this.#bytes.subarray(offset, end));
    const object = this.#resolve(offset, head, data);
    if (object === undefined) this.#waiting.push({ offset, crc });
    else this.#record(offset, crc, object);
    return end;
  }

  /** Returns the rows of all objects. */
  finish(): IdxRow[] {
    while (this.#waiting.length > 0) {
      const before = this.#waiting;
      this.#waiting = [];
      for (const { offset, crc } of before) {
        const { head, data } = this.#inflate(offset);
        const object = this.#resolve(offset, head, data);
        if (object === undefined) this.#waiting.push({ offset, crc });
        else this.#record(offset, crc, object);
      }
      if (this.#waiting.length === before.length) throw corrupt("missing delta base");
    }
    return this.#rows;
  }

  #inflate(offset: number): { head: EntryHead; data: Buffer; deflated: number } {
    const head = readEntryHead(this.#bytes, offset, offset);
    this.#checkSize(head.size);
    return { head, ...inflateEntry(this.#bytes, head) };
  }

  /** Returns the object at `offset`; undefined if its delta base has not been read yet. Follows chains without recursion. */
  #resolve(offset: number, head: EntryHead, data: Buffer): GitObject | undefined {
    const deltas: Buffer[] = [];
    let entry = { head, data };
    let at = offset;
    let object = head.type === "delta" ? undefined : { type: head.type, content: data };
    while (object === undefined) {
      deltas.push(entry.data);
      this.#checkSize(deltaResultSize(entry.data));
      const base = this.#baseOffset(entry.head.base);
      if (base === undefined) return undefined;
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

  #record(offset: number, crc: number, object: GitObject): void {
    const id = objectId(object.type, object.content);
    this.#rows.push({ id, offset, crc });
    this.#byId?.set(id.toString("hex"), offset);
    this.#bases.set(offset, object);
  }

  #checkSize(size: number): void {
    if (size <= this.#limits.maxObjectBytes) return;
    throw objectTooLarge(size, this.#limits.maxObjectBytes);
  }
}
