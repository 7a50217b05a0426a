import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { DiskCache, type DiskCacheOptions } from "./disk-cache.js";
import type { RendererOutput } from "./renderer.js";

/** A result, with the values that were decrypted for it: messages about its documents must not show them. */
export interface KeptOutput extends RendererOutput {
  readonly decrypted?: readonly string[];
}

/** Results of renders that outlive the process, by input key. A lost or damaged one costs a render, and nothing else. */
export interface ResultStore {
  get(key: string): Promise<KeptOutput | undefined>;
  put(key: string, output: KeptOutput): Promise<void>;
}

/** Keeps nothing. */
export const NO_RESULTS: ResultStore = { get: async () => undefined, put: async () => {} };

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Results in an encrypted cache on disk, compressed. */
export class DiskResults implements ResultStore {
  readonly #cache: DiskCache;

  constructor(options: Omit<DiskCacheOptions, "purpose">) {
    this.#cache = new DiskCache({ ...options, purpose: "render results" });
  }

  async get(key: string): Promise<KeptOutput | undefined> {
    const bytes = await this.#cache.get(key);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse((await expand(bytes)).toString("utf8")) as KeptOutput;
    } catch {
      await this.#cache.delete(key);
      return undefined;
    }
  }

  async put(key: string, output: KeptOutput): Promise<void> {
    let text: string;
    try {
      text = JSON.stringify(output);
    } catch {
      // Integers beyond what JSON can carry.
      return;
    }
    await this.#cache.put(key, await compress(text, { level: 1 }));
  }
}
