import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.js";

/** Options of a `DiskCache`. */
export interface DiskCacheOptions {
  readonly folder: string;
  /** What the cache is for: caches with the same secret have different keys. */
  readonly purpose: string;
  /** Secret of this installation. The content may hold Secrets, and is encrypted with a key that is derived from it. */
  readonly secret: string;
  /** Version of the content: entries of another one count as missing. */
  readonly version: string;
  /** Bytes of all entries together. The least recently used ones are removed first. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The use of an entry is recorded on its file, not more often than this. */
const TOUCH_MS = 3_600_000;
const NAME = /^[0-9a-f]{32}$/;

/**
 * Content that outlives the process, in a file for each key (32 hexadecimal digits), encrypted by AES-256-GCM, whose tag also detects
 * damage. The key is bound to the content, so that a file under another name counts as missing. A lost entry costs time, and nothing else.
 */
export class DiskCache {
  readonly #options: DiskCacheOptions;
  readonly #cipherKey: Buffer;
  /** Size and last use of each entry; undefined until the folder was read. */
  #known: Promise<Map<string, { bytes: number; usedAt: number }>> | undefined;

  constructor(options: DiskCacheOptions) {
    this.#options = options;
    this.#cipherKey = Buffer.from(hkdfSync("sha256", options.secret, "", `overseer-gitops ${options.purpose}`, 32));
  }

  /** Returns an entry; undefined if there is none, or if it is damaged, of another version, or of another installation. */
  async get(key: string): Promise<Buffer | undefined> {
    const bytes = await readFile(this.#path(key)).catch(() => undefined);
    if (bytes === undefined) return undefined;
    try {
      const content = this.#decrypt(key, bytes);
      await this.#touch(key, bytes.length);
      return content;
    } catch {
      await this.delete(key);
      return undefined;
    }
  }

  /** Removes an entry. */
  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true }).catch(() => {});
    (await this.#index()).delete(key);
  }

  /** Writes an entry. A full or read-only disk is ignored. */
  async put(key: string, content: Buffer): Promise<void> {
    const bytes = this.#encrypt(key, content);
    if (bytes.length > this.#options.maxBytes) return;
    try {
      await this.#write(key, bytes);
    } catch {
      return;
    }
    const known = await this.#index();
    known.set(key, { bytes: bytes.length, usedAt: this.#options.clock.now() });
    await this.#shrink(known);
  }

  async #write(key: string, bytes: Buffer): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.#path(key)}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      await writeFile(temporary, bytes, { mode: 0o600 });
      await rename(temporary, this.#path(key));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #touch(key: string, bytes: number): Promise<void> {
    const now = this.#options.clock.now();
    const known = await this.#index();
    if (now - (known.get(key)?.usedAt ?? 0) < TOUCH_MS) return;
    known.set(key, { bytes, usedAt: now });
    await utimes(this.#path(key), now / 1000, now / 1000);
  }

  async #shrink(known: Map<string, { bytes: number; usedAt: number }>): Promise<void> {
    let total = [...known.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.#options.maxBytes) return;
    const oldest = [...known].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [key, { bytes }] of oldest) {
      if (total <= this.#options.maxBytes) return;
      known.delete(key);
      total -= bytes;
      await rm(this.#path(key), { force: true }).catch(() => {});
    }
  }

  /** Reads the folder once; files of a process that died while it wrote are removed. */
  #index(): Promise<Map<string, { bytes: number; usedAt: number }>> {
    this.#known ??= this.#readFolder();
    return this.#known;
  }

  async #readFolder(): Promise<Map<string, { bytes: number; usedAt: number }>> {
    const { folder } = this.#options;
    const known = new Map<string, { bytes: number; usedAt: number }>();
    for (const name of await readdir(folder).catch(() => [])) {
      if (NAME.test(name)) {
        const found = await stat(join(folder, name)).catch(() => undefined);
        if (found) known.set(name, { bytes: found.size, usedAt: found.mtimeMs });
      } else if (name.endsWith(".tmp")) {
        await rm(join(folder, name), { force: true }).catch(() => {});
      }
    }
    return known;
  }

  #path(key: string): string {
    return join(this.#options.folder, NAME.test(key) ? key : "none");
  }

  #encrypt(key: string, plain: Buffer): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#cipherKey, iv);
    cipher.setAAD(this.#boundTo(key));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]);
  }

  #decrypt(key: string, bytes: Buffer): Buffer {
    const decipher = createDecipheriv("aes-256-gcm", this.#cipherKey, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(this.#boundTo(key));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  }

  #boundTo(key: string): Buffer {
    return Buffer.from(`${this.#options.version}/${key}`);
  }
}
