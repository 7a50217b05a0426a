import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { PackRecord } from "./store-records.js";

/** Bytes of the stores in a cache directory, by remote id; those of single objects by folder name. */
export type StoreSizes = Map<string, number>;

/** Factor of the limit up to which small stores may still grow. */
const SPARE = 1.1;

/**
 * Limits the total size of an engine's stores. Above the limit, new repositories and those that use more than an equal share are
 * not fetched; smaller ones still are, and fetched commits stay usable.
 */
export class CacheBudget {
  readonly #maxBytes: number;
  readonly #scan: () => Promise<StoreSizes>;
  #sizes: Promise<StoreSizes> | undefined;

  /** `maxBytes` 0 means no limit. `scan` reads the sizes from the disk. */
  constructor(maxBytes: number, scan: () => Promise<StoreSizes>) {
    this.#maxBytes = maxBytes;
    this.#scan = scan;
  }

  /** Throws `GIT_CACHE_FULL` if `remote` may not grow. The size of the next fetch is unknown and not counted. */
  async admit(remote: GitRemote): Promise<void> {
    if (this.#maxBytes === 0) return;
    this.#sizes ??= this.#scan();
    if (this.#hasRoom(remote, await this.#sizes)) return;
    // Another process may have freed space.
    this.#sizes = this.#scan();
    const sizes = await this.#sizes;
    if (!this.#hasRoom(remote, sizes)) throw full(remote, sizes, this.#maxBytes);
  }

  /** Records the size of a changed store. */
  async note(remote: GitRemote, packs: () => Promise<readonly PackRecord[]>): Promise<void> {
    if (this.#sizes === undefined) return;
    const bytes = bytesOf(await packs());
    const sizes = await this.#sizes;
    if (bytes === 0) sizes.delete(remote.id);
    else sizes.set(remote.id, bytes);
  }

  /** Records the size of the store of single objects of a remote. */
  async noteSparse({ id }: GitRemote, bytes: number): Promise<void> {
    (await this.#sizes)?.set(sparseName(id), bytes);
  }

  /** Makes the next call scan the disk, after stores were removed. */
  recheck(): void {
    this.#sizes = undefined;
  }

  #hasRoom({ id }: GitRemote, sizes: StoreSizes): boolean {
    const used = total(sizes);
    if (used < this.#maxBytes) return true;
    const own = ownBytes(id, sizes);
    return own > 0 && own <= this.#maxBytes / sizes.size && used < this.#maxBytes * SPARE;
  }
}

/** Returns the folder name of the store of single objects of a remote. */
export function sparseName(id: string): string {
  return `${id}.sparse`;
}

function ownBytes(id: string, sizes: StoreSizes): number {
  return (sizes.get(id) ?? 0) + (sizes.get(sparseName(id)) ?? 0);
}

/** Returns the total size of packs. */
export function bytesOf(packs: readonly PackRecord[]): number {
  return packs.reduce((sum, { bytes }) => sum + bytes, 0);
}

function total(sizes: StoreSizes): number {
  let sum = 0;
  for (const bytes of sizes.values()) sum += bytes;
  return sum;
}

function full({ url, id }: GitRemote, sizes: StoreSizes, maxBytes: number): GitError {
  const own = ownBytes(id, sizes);
  return new GitError(
    "GIT_CACHE_FULL",
    `the Git cache is too full to fetch ${url}: ${mib(total(sizes))} of ${mib(maxBytes)} MiB are used, ${mib(own)} by this repository; delete unused GitRepositories, remove large files from Git, or raise cache.sizeLimit of the chart (--git-cache-bytes)`,
  );
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);
}
