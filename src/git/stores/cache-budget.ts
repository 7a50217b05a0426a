import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { PackRecord } from "./store-records.js";

/** Bytes of the stores in a cache directory, by the id of their remote. */
export type StoreSizes = Map<string, number>;

/** Over the limit by this, nothing is fetched any more; up to there small stores may grow. */
const SPARE = 1.1;

/**
 * Keeps all stores of an engine together within a number of bytes. When that is used up, repositories that are new, or take
 * more than an equal part of it, are not fetched; the others go on, and what was fetched is used as before.
 */
export class CacheBudget {
  readonly #maxBytes: number;
  readonly #scan: () => Promise<StoreSizes>;
  #sizes: Promise<StoreSizes> | undefined;

  /** `maxBytes` 0 means no limit. `scan` looks at the disk. */
  constructor(maxBytes: number, scan: () => Promise<StoreSizes>) {
    this.#maxBytes = maxBytes;
    this.#scan = scan;
  }

  /** Throws `GIT_CACHE_FULL` when there is no room for more of `remote`. What is about to come is not known, and not counted. */
  async admit(remote: GitRemote): Promise<void> {
    if (this.#maxBytes === 0) return;
    this.#sizes ??= this.#scan();
    if (this.#hasRoom(remote, await this.#sizes)) return;
    // Another process may have made room.
    this.#sizes = this.#scan();
    const sizes = await this.#sizes;
    if (!this.#hasRoom(remote, sizes)) throw full(remote, sizes, this.#maxBytes);
  }

  /** Tells what a store holds now, after it was changed. */
  async note(remote: GitRemote, packs: () => Promise<readonly PackRecord[]>): Promise<void> {
    if (this.#sizes === undefined) return;
    const bytes = bytesOf(await packs());
    const sizes = await this.#sizes;
    if (bytes === 0) sizes.delete(remote.id);
    else sizes.set(remote.id, bytes);
  }

  /** After stores were removed: the next one who asks looks at the disk. */
  recheck(): void {
    this.#sizes = undefined;
  }

  #hasRoom({ id }: GitRemote, sizes: StoreSizes): boolean {
    const used = total(sizes);
    if (used < this.#maxBytes) return true;
    const own = sizes.get(id) ?? 0;
    return own > 0 && own <= this.#maxBytes / sizes.size && used < this.#maxBytes * SPARE;
  }
}

/** Bytes of packs. */
export function bytesOf(packs: readonly PackRecord[]): number {
  return packs.reduce((sum, { bytes }) => sum + bytes, 0);
}

function total(sizes: StoreSizes): number {
  let sum = 0;
  for (const bytes of sizes.values()) sum += bytes;
  return sum;
}

function full({ url, id }: GitRemote, sizes: StoreSizes, maxBytes: number): GitError {
  const own = sizes.get(id) ?? 0;
  return new GitError(
    "GIT_CACHE_FULL",
    `the Git cache is too full to fetch ${url}: ${mib(total(sizes))} of ${mib(maxBytes)} MiB are used, ${mib(own)} by this repository; delete unused GitRepositories, remove large files from Git, or raise cache.sizeLimit of the chart (--git-cache-bytes)`,
  );
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);
}
