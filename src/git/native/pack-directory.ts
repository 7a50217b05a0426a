import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Idx } from "../pack/idx.js";
import type { PackRecord } from "../stores/store-records.js";

const ENDINGS = [".pack", ".idx"] as const;
const PACK = /^(pack-[0-9a-f]{40})\.pack$/;

/** The pack files in the `pack` folder of an object directory. They are named by their checksum and never change. */
export class PackDirectory {
  /** For `GIT_OBJECT_DIRECTORY`. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async make(): Promise<void> {
    await mkdir(join(this.path, "pack"), { recursive: true, mode: 0o700 });
  }

  /** Lists all packs, including unfinished and unreferenced ones. */
  async list(): Promise<PackRecord[]> {
    const names = (await readdir(join(this.path, "pack"))).flatMap((file) => PACK.exec(file)?.[1] ?? []);
    return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(this.#file(name, ".pack"))).size })));
  }

  /** Returns the total size of all files, including a pack that is being received. */
  async size(): Promise<number> {
    const files = await readdir(join(this.path, "pack")).catch(() => []);
    const sizes = files.map((file) =>
      stat(join(this.path, "pack", file)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /**
   * Hard-links packs into `other`, where they remain even if they are removed here. So a fetch sees exactly the packs of its
   * manifest, even while another process repacks the store.
   */
  async share(packs: readonly PackRecord[], other: PackDirectory): Promise<void> {
    for (const { name } of packs)
      for (const ending of ENDINGS) await link(this.#file(name, ending), other.#file(name, ending));
  }

  /** Moves a finished pack here from `other`. The index is moved last: Git discovers packs by their index. */
  async take({ name }: PackRecord, other: PackDirectory): Promise<void> {
    for (const ending of ENDINGS) await rename(other.#file(name, ending), this.#file(name, ending));
  }

  /** Removes packs, the index first for the same reason. */
  async remove(names: readonly string[]): Promise<void> {
    for (const name of names)
      for (const ending of ENDINGS.toReversed()) await rm(this.#file(name, ending), { force: true });
  }

  /** Returns when a pack was written, in milliseconds since the epoch; undefined if it does not exist. */
  async age(name: string): Promise<number | undefined> {
    return stat(this.#file(name, ".pack")).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
  }

  /** Returns whether a pack and its index exist and are intact. Reads both completely. */
  async isSound({ name, bytes }: PackRecord): Promise<boolean> {
    const path = this.#file(name, ".pack");
    const checksum = Buffer.from(name.slice("pack-".length), "hex");
    try {
      if ((await stat(path)).size !== bytes || bytes < 32) return false;
      const hash = createHash("sha1");
      for await (const chunk of createReadStream(path, { end: bytes - 21 })) hash.update(chunk as Buffer);
      if (!hash.digest().equals(checksum)) return false;
      new Idx(await readFile(this.#file(name, ".idx")), checksum);
      return true;
    } catch {
      return false;
    }
  }

  #file(name: string, ending: (typeof ENDINGS)[number]): string {
    return join(this.path, "pack", name + ending);
  }
}
