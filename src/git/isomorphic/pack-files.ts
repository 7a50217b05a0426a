import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Idx } from "../pack/idx.js";
import type { IndexedPack } from "../pack/index-pack.js";
import { type BaseCache, PackReader } from "../pack/reader.js";
import type { PackRecord } from "../stores/store-records.js";
import type { FileBlocks } from "./file-blocks.js";

/** Caches for reading packs, shared by all stores. */
export interface PackCaches {
  readonly blocks: FileBlocks;
  readonly bases: BaseCache;
  /** Clears all caches, after files on disk have changed. */
  clear(): void;
}

/** The pack files in the directory of one store. They are named by their checksum and never change. */
export class PackFiles {
  readonly #directory: string;
  readonly #caches: PackCaches;

  constructor(directory: string, caches: PackCaches) {
    this.#directory = directory;
    this.#caches = caches;
  }

  /** Writes a pack and its index. Incomplete files never get their final name. */
  async write(pack: IndexedPack): Promise<PackRecord> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await this.#replace(`${pack.name}.pack`, pack.bytes);
    await this.#replace(`${pack.name}.idx`, pack.idx);
    return { name: pack.name, bytes: pack.bytes.length };
  }

  /** Returns a reader with the index in memory and no open file. Throws if the index is missing or damaged. */
  async open({ name, bytes }: PackRecord): Promise<PackReader> {
    const idx = new Idx(await readFile(join(this.#directory, `${name}.idx`)), hashOf(name));
    const path = join(this.#directory, `${name}.pack`);
    const { blocks, bases } = this.#caches;
    return new PackReader(idx, { name, bytes, bases, readRange: (start, end) => blocks.read(path, start, end) });
  }

  /** Returns whether a pack and its index exist and are intact. Reads both completely. */
  async isSound({ name, bytes }: PackRecord): Promise<boolean> {
    const path = join(this.#directory, `${name}.pack`);
    try {
      if ((await stat(path)).size !== bytes || bytes < 32) return false;
      const hash = createHash("sha1");
      for await (const chunk of createReadStream(path, { end: bytes - 21 })) hash.update(chunk as Buffer);
      if (!hash.digest().equals(hashOf(name))) return false;
      await this.open({ name, bytes });
      return true;
    } catch {
      return false;
    }
  }

  /** Removes files of killed processes and older states: all files except `keep` and the manifest. */
  async collectGarbage(keep: readonly PackRecord[], manifest: string): Promise<void> {
    const kept = new Set([manifest, ...keep.flatMap(({ name }) => [`${name}.pack`, `${name}.idx`])]);
    for (const file of await readdir(this.#directory).catch(() => [])) {
      if (!kept.has(file)) await rm(join(this.#directory, file), { force: true, recursive: true });
    }
  }

  async #replace(file: string, bytes: Buffer): Promise<void> {
    const path = join(this.#directory, file);
    await writeFile(`${path}.tmp`, bytes, { mode: 0o600 });
    await rename(`${path}.tmp`, path);
  }
}

/** A pack is named by its trailing SHA-1. */
function hashOf(name: string): Buffer {
  return Buffer.from(name.slice("pack-".length), "hex");
}
