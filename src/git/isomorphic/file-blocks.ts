import { open } from "node:fs/promises";
import { LRUCache } from "lru-cache";

/** Packs of typical repositories fit into a few blocks; large ones are not read completely for one file. */
const BLOCK_BYTES = 256 * 1024;

/** Reads ranges of files through a block cache of limited size. Assumes that files never change. */
export class FileBlocks {
  readonly #blocks: LRUCache<string, Buffer>;

  /** `maxBytes` applies to all files together. */
  constructor(maxBytes: number) {
    this.#blocks = new LRUCache({
      maxSize: Math.max(maxBytes, BLOCK_BYTES),
      sizeCalculation: (block) => Math.max(block.length, 1),
    });
  }

  /** Reads the bytes `start` to `end`, or fewer at the end of the file. Do not modify the result: it may be a view into the cache. */
  async read(path: string, start: number, end: number): Promise<Buffer> {
    const first = Math.floor(start / BLOCK_BYTES);
    const last = Math.floor((Math.max(end, start + 1) - 1) / BLOCK_BYTES);
    const parts: Buffer[] = [];
    for (let index = first; index <= last; index++) parts.push(await this.#block(path, index));
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    return bytes.subarray(start - first * BLOCK_BYTES, end - first * BLOCK_BYTES);
  }

  /** Clears the cache. */
  clear(): void {
    this.#blocks.clear();
  }

  async #block(path: string, index: number): Promise<Buffer> {
    const key = `${index} ${path}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    const file = await open(path, "r");
    try {
      const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, index * BLOCK_BYTES);
      const block = bytesRead === BLOCK_BYTES ? buffer : Buffer.from(buffer.subarray(0, bytesRead));
      this.#blocks.set(key, block);
      return block;
    } finally {
      await file.close();
    }
  }
}
