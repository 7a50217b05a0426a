import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Idx } from "../pack/idx.js";
import type { PackRecord } from "../stores/store-records.js";

const ENDINGS = [".pack", ".idx"] as const;
const PACK = /^(pack-[0-9a-f]{40})\.pack$/;

/** The pack files of an object directory, in its folder `pack`. They are named by their checksum and never change. */
export class PackDirectory {
  /** For `GIT_OBJECT_DIRECTORY`. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async make(): Promise<void> {
    await mkdir(join(this.path, "pack"), { recursive: true, mode: 0o700 });
  }

  /** The packs that lie here, finished or not named by anybody. */
  async list(): Promise<PackRecord[]> {
    const names = (await readdir(join(this.path, "pack"))).flatMap((file) => PACK.exec(file)?.[1] ?? []);
    return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(this.#file(name, ".pack"))).size })));
  }

  /** Bytes of all files, also of a pack that is just being received. */
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
   * Gives `other` the same packs, by hard links: whatever happens to them here, they stay there. So a fetch sees exactly the
   * packs that its manifest names, even while another process packs the store anew.
   */
  async share(packs: readonly PackRecord[], other: PackDirectory): Promise<void> {
    for (const { name } of packs)
      for (const ending of ENDINGS) await link(this.#file(name, ending), other.#file(name, ending));
  }

  /** Takes a finished pack from `other`. The index comes last: Git sees a pack by its index. */
  async take({ name }: PackRecord, other: PackDirectory): Promise<void> {
    for (const ending of ENDINGS) await rename(other.#file(name, ending), this.#file(name, ending));
  }

  /** Removes packs. The index goes first, for the same reason. */
  async remove(names: readonly string[]): Promise<void> {
    for (const name of names)
      for (const ending of ENDINGS.toReversed()) await rm(this.#file(name, ending), { force: true });
  }

  /** When a pack was written, in milliseconds since the epoch; undefined when it is gone. */
  async age(name: string): Promise<number | undefined> {
    return stat(this.#file(name, ".pack")).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
  }

  /** Whether a pack and its index are there, whole and unharmed. Reads all of both. */
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
