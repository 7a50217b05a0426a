import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import { mapLimit } from "../../base/semaphore.js";
import type { GitObject, ObjectType } from "../pack/entry.js";
import { objectId } from "../pack/object-id.js";
import { sizeOf } from "../stores/sparse-sizes.js";

const [deflated, inflated] = [promisify(deflate), promisify(inflate)];

const WRITES_AT_ONCE = 16;

/**
 * Git objects as files that are named by their id. A file is complete as soon as it has its name, and its content is compared with the
 * name when it is read, so a crash or a damaged disk costs a request and never gives wrong content. Processes may share a directory.
 */
export class ObjectFiles {
  readonly #directory: string;
  #bytes: number | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Total size in bytes, as far as this process knows. */
  async bytes(): Promise<number> {
    this.#bytes ??= await sizeOf(this.#directory);
    return this.#bytes;
  }

  async has(id: string): Promise<boolean> {
    return (await stat(this.#path(id)).catch(() => undefined)) !== undefined;
  }

  /** Returns an object; undefined if it is missing or damaged. Inflates at most `maxBytes`. */
  async read(id: string, maxBytes: number): Promise<GitObject | undefined> {
    const file = await readFile(this.#path(id)).catch(() => undefined);
    if (file === undefined) return undefined;
    const bytes = await inflated(file, { maxOutputLength: maxBytes + 64 }).catch(() => undefined);
    const end = bytes?.indexOf(0) ?? -1;
    if (bytes === undefined || end < 0) return undefined;
    const type = bytes.toString("latin1", 0, end) as ObjectType;
    const content = bytes.subarray(end + 1);
    return objectId(type, content).toString("hex") === id ? { type, content } : undefined;
  }

  /** Writes objects. */
  async write(objects: readonly (readonly [id: string, object: GitObject])[]): Promise<void> {
    const folders = new Set(objects.map(([id]) => dirname(this.#path(id))));
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
    await mapLimit([...objects], WRITES_AT_ONCE, async ([id, { type, content }]) => {
      const bytes = await deflated(Buffer.concat([Buffer.from(`${type}\0`), content]));
      const temporary = `${this.#path(id)}.${randomBytes(8).toString("hex")}`;
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, this.#path(id));
      if (this.#bytes !== undefined) this.#bytes += bytes.length;
    });
  }

  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    this.#bytes = undefined;
  }

  #path(id: string): string {
    return join(this.#directory, id.slice(0, 2), id.slice(2));
  }
}
