import { createHash } from "node:crypto";
import { corrupt } from "./entry.js";

const MAGIC = 0xff744f63;
const HEADER = 8 + 256 * 4;

/** One row of an index: the offset of the object `id` (20 bytes) in the pack, and the CRC-32 of its entry. */
export interface IdxRow {
  readonly id: Buffer;
  readonly offset: number;
  readonly crc: number;
}

/** Encodes a pack index of version 2 (gitformat-pack), like `git index-pack`. `packHash` is the last 20 bytes of the pack. */
export function writeIdx(rows: readonly IdxRow[], packHash: Buffer): Buffer {
  const sorted = sortById(rows);
  const count = sorted.length;
  const idx = Buffer.alloc(HEADER + count * 28 + 40);
  idx.writeUInt32BE(MAGIC, 0);
  idx.writeUInt32BE(2, 4);
  const fanout = new Uint32Array(256);
  sorted.forEach(({ id, crc, offset }, row) => {
    id.copy(idx, HEADER + row * 20);
    idx.writeUInt32BE(crc, HEADER + count * 20 + row * 4);
    idx.writeUInt32BE(offset, HEADER + count * 24 + row * 4);
    const first = id[0] as number;
    fanout[first] = (fanout[first] as number) + 1;
  });
  let total = 0;
  fanout.forEach((rowsHere, first) => {
    total += rowsHere;
    idx.writeUInt32BE(total, 8 + first * 4);
  });
  packHash.copy(idx, idx.length - 40);
  createHash("sha1")
    .update(idx.subarray(0, -20))
    .digest()
    .copy(idx, idx.length - 20);
  return idx;
}

/** Sorts by id. Comparing the first 48 bits as a number decides nearly all pairs and is four times faster. */
function sortById(rows: readonly IdxRow[]): IdxRow[] {
  return rows
    .map((row) => ({ row, key: row.id.readUIntBE(0, 6) }))
    .sort((a, b) => a.key - b.key || a.row.id.compare(b.row.id))
    .map(({ row }) => row);
}

/** A pack index, read in place: 28 bytes per object. */
export class Idx {
  readonly count: number;
  readonly #bytes: Buffer;
  #offsets: Uint32Array | undefined;

  /** Throws `GIT_PACK_CORRUPT` if this is not a complete version 2 index of the pack that ends with `packHash`. */
  constructor(bytes: Buffer, packHash: Buffer) {
    const count = bytes.length < HEADER + 40 ? -1 : bytes.readUInt32BE(HEADER - 4);
    const whole = count >= 0 && bytes.length === HEADER + count * 28 + 40 && bytes.readUInt32BE(0) === MAGIC;
    if (!whole || bytes.readUInt32BE(4) !== 2) throw corrupt("invalid index");
    const hash = createHash("sha1").update(bytes.subarray(0, -20)).digest();
    if (!hash.equals(bytes.subarray(-20)) || !packHash.equals(bytes.subarray(-40, -20)))
      throw corrupt("index of another pack");
    this.#bytes = bytes;
    this.count = count;
  }

  /** Returns the ids of all objects in hex. */
  ids(): string[] {
    return Array.from({ length: this.count }, (_, row) => {
      const at = HEADER + row * 20;
      return this.#bytes.toString("hex", at, at + 20);
    });
  }

  /** Returns the offset of the object `id` (hex) in the pack; undefined if the pack does not contain it. */
  offsetOf(id: string): number | undefined {
    const key = Buffer.from(id, "hex");
    const first = key[0];
    if (key.length !== 20 || first === undefined) return undefined;
    let low = first === 0 ? 0 : this.#bytes.readUInt32BE(8 + (first - 1) * 4);
    let high = this.#bytes.readUInt32BE(8 + first * 4);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = HEADER + middle * 20;
      const order = this.#bytes.compare(key, 0, 20, at, at + 20);
      if (order === 0) return this.#bytes.readUInt32BE(HEADER + this.count * 24 + middle * 4);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** Returns the end of the entry at `offset` in a pack of `packBytes`. */
  endOf(offset: number, packBytes: number): number {
    this.#offsets ??= this.#sortedOffsets();
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#offsets[low] ?? packBytes - 20;
  }

  #sortedOffsets(): Uint32Array {
    const offsets = new Uint32Array(this.count);
    for (let row = 0; row < this.count; row++) {
      offsets[row] = this.#bytes.readUInt32BE(HEADER + this.count * 24 + row * 4);
    }
    return offsets.sort();
  }
}
