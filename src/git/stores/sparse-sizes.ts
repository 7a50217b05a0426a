import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreSizes } from "./cache-budget.js";

/** Folder name of a store of single objects: the id of its remote with a suffix. */
export const SPARSE_FOLDER = /^([0-9a-f]{64})\.sparse$/;

/** Returns the sizes of the stores of single objects in `cacheDir`, by folder name. */
export async function sparseSizes(cacheDir: string): Promise<StoreSizes> {
  const sizes: StoreSizes = new Map();
  for (const name of await readdir(cacheDir).catch(() => []))
    if (SPARSE_FOLDER.test(name)) sizes.set(name, await sizeOf(join(cacheDir, name)));
  return sizes;
}

/** Returns the total size of the files below a directory. */
export async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  let total = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    total += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return total;
}
