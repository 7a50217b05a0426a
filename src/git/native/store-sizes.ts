import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bytesOf, type StoreSizes } from "../stores/cache-budget.js";
import { readGeneration } from "./manifest.js";

/** Folder name of a store: the id of its remote with a suffix. */
export const STORE_FOLDER = /^([0-9a-f]{64})\.git$/;

/** Returns the sizes of the stores in `cacheDir` according to their manifests. */
export async function storeSizes(cacheDir: string): Promise<StoreSizes> {
  const sizes: StoreSizes = new Map();
  for (const name of await readdir(cacheDir).catch(() => [])) {
    const id = STORE_FOLDER.exec(name)?.[1];
    if (id === undefined) continue;
    // Read errors are reported when the store is used.
    const { packs = [] } = (await readGeneration(join(cacheDir, name), "").catch(() => undefined))?.manifest ?? {};
    if (packs.length > 0) sizes.set(id, bytesOf(packs));
  }
  return sizes;
}
