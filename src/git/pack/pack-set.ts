import { LRUCache } from "lru-cache";
import type { GitObject } from "./entry.js";
import { Idx } from "./idx.js";
import type { IndexedPack } from "./index-pack.js";
import { PackReader } from "./reader.js";

/** Cached delta bases of a pack in memory. */
const BASES_BYTES = 16 * 2 ** 20;

/** Several packs as one object source. */
export class PackSet {
  readonly #readers: readonly PackReader[];

  constructor(readers: readonly PackReader[]) {
    this.#readers = readers;
  }

  /** Returns this set with an additional in-memory pack, which is searched first. */
  with(pack: IndexedPack): PackSet {
    const idx = new Idx(pack.idx, pack.bytes.subarray(-20));
    const { name, bytes } = pack;
    const readRange = async (start: number, end: number): Promise<Buffer> => bytes.subarray(start, end);
    const sizeCalculation = ({ content }: GitObject): number => content.length + 256;
    const bases = new LRUCache<string, GitObject>({ maxSize: BASES_BYTES, sizeCalculation });
    return new PackSet([new PackReader(idx, { name, bytes: bytes.length, readRange, bases }), ...this.#readers]);
  }

  contains(id: string): boolean {
    return this.#readers.some((reader) => reader.contains(id));
  }

  /** Reads the object `id`; undefined if no pack contains it. Throws `GIT_PACK_CORRUPT` if it cannot be read. */
  async read(id: string): Promise<GitObject | undefined> {
    return this.#readers.find((reader) => reader.contains(id))?.read(id);
  }

  /** Returns the pack entry of `id` for copying; undefined if it is stored as a delta. */
  async wholeEntry(id: string): Promise<Buffer | undefined> {
    return this.#readers.find((reader) => reader.contains(id))?.wholeEntry(id);
  }
}
