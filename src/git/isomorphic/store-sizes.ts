import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { bytesOf, type StoreSizes } from "../stores/cache-budget.js";
import { readManifest } from "./manifest.js";

/** Folder name of a store: the id of its remote. */
export const STORE_FOLDER = /^[0-9a-f]{64}$/;

/** Returns the sizes of the stores in `cacheDir` according to their manifests. */
export async function storeSizes(cacheDir: string): Promise<StoreSizes> {
  const sizes: StoreSizes = new Map();
  for (const id of await readdir(cacheDir).catch(() => [])) {
    if (!STORE_FOLDER.test(id)) continue;
    const { packs = [] } = (await readManifest(join(cacheDir, id))) ?? {};
    if (packs.length > 0) sizes.set(id, bytesOf(packs));
  }
  return sizes;
}
