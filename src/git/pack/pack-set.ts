import type { GitObject } from "./entry.js";
import { Idx } from "./idx.js";
import type { IndexedPack } from "./index-pack.js";
import { PackReader } from "./reader.js";

/** Several packs as one source of objects. */
export class PackSet {
  readonly #readers: readonly PackReader[];

  constructor(readers: readonly PackReader[]) {
    this.#readers = readers;
  }

  /** This set and one more pack, which is in memory and asked first. */
  with(pack: IndexedPack): PackSet {
    const idx = new Idx(pack.idx, pack.bytes.subarray(-20));
    const { name, bytes } = pack;
    const readRange = async (start: number, end: number): Promise<Buffer> => bytes.subarray(start, end);
    return new PackSet([new PackReader(idx, { name, bytes: bytes.length, readRange }), ...this.#readers]);
  }

  contains(id: string): boolean {
    return this.#readers.some((reader) => reader.contains(id));
  }

  /** The object `id`; undefined when no pack holds it. Throws `GIT_PACK_CORRUPT` when it cannot be read. */
  async read(id: string): Promise<GitObject | undefined> {
    return this.#readers.find((reader) => reader.contains(id))?.read(id);
  }

  /** The pack entry of `id` ready to be copied; undefined when it is stored as a delta. */
  async wholeEntry(id: string): Promise<Buffer | undefined> {
    return this.#readers.find((reader) => reader.contains(id))?.wholeEntry(id);
  }
}
