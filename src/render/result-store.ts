import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Clock } from "../base/clock.js";
import type { RendererOutput } from "./renderer.js";

/** Results of renders that outlive the process, by input key. A lost or damaged one costs a render, and nothing else. */
export interface ResultStore {
  get(key: string): Promise<RendererOutput | undefined>;
  put(key: string, output: RendererOutput): Promise<void>;
}

/** Keeps nothing. */
export const NO_RESULTS: ResultStore = { get: async () => undefined, put: async () => {} };

/** What a `DiskResults` is made of. */
export interface DiskResultsOptions {
  readonly folder: string;
  /** Secret of this installation: results may hold Secrets, and are encrypted with a key that is derived from it. */
  readonly secret: string;
  /** Version of the program: another one may read the same output differently. */
  readonly version: string;
  /** Bytes of all results together; the ones that were not used for the longest time go first. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The use of a result is noted on its file, not more often than this. */
const TOUCH_MS = 3_600_000;
const NAME = /^[0-9a-f]{32}$/;

const compress = promisify(gzip);
const expand = promisify(gunzip);

/**
 * Results in files of their own, compressed and encrypted by AES-256-GCM, whose tag also shows damage. The input key is
 * bound to the content: a file under another name is as good as none.
 */
export class DiskResults implements ResultStore {
  readonly #options: DiskResultsOptions;
  readonly #cipherKey: Buffer;
  /** Size and last use of each result; undefined until the folder was read. */
  #known: Promise<Map<string, { bytes: number; usedAt: number }>> | undefined;

  constructor(options: DiskResultsOptions) {
    this.#options = options;
    this.#cipherKey = Buffer.from(hkdfSync("sha256", options.secret, "", "overseer-gitops render results", 32));
  }

  async get(key: string): Promise<RendererOutput | undefined> {
    const bytes = await readFile(this.#path(key)).catch(() => undefined);
    if (bytes === undefined) return undefined;
    try {
      const output = JSON.parse((await expand(this.#decrypt(key, bytes))).toString("utf8")) as RendererOutput;
      await this.#touch(key, bytes.length);
      return output;
    } catch {
      // Damaged, of another version, or of another installation.
      await rm(this.#path(key), { force: true }).catch(() => {});
      (await this.#index()).delete(key);
      return undefined;
    }
  }

  /** Keeps a result. A disk that is full or read-only is no reason for a render to fail. */
  async put(key: string, output: RendererOutput): Promise<void> {
    let text: string;
    try {
      text = JSON.stringify(output);
    } catch {
      // Integers beyond what JSON can carry.
      return;
    }
    const bytes = this.#encrypt(key, await compress(text, { level: 1 }));
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
