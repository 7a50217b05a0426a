import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import type { GitLimits } from "../limits.js";
import type { NativeManifest } from "./manifest.js";
import type { PackDirectory } from "./pack-directory.js";
import { WORKSPACE_PREFIX } from "./workspace.js";

/** Margin on top of the maximum duration of any work. */
const MARGIN_MS = 60_000;

/**
 * Removes what killed processes left in a store: workspaces, unfinished manifests, unreferenced packs. All work ends within
 * the fetch timeout, so older files are unused; newer ones may belong to another process.
 */
export async function collectGarbage(
  store: { readonly directory: string; readonly packs: PackDirectory },
  manifest: NativeManifest,
  { clock, limits }: { readonly clock: Clock; readonly limits: GitLimits },
): Promise<void> {
  const before = clock.now() - limits.fetchTimeoutMs - MARGIN_MS;
  for (const name of await readdir(store.directory)) {
    if (!name.startsWith(WORKSPACE_PREFIX) && !name.endsWith(".tmp")) continue;
    const path = join(store.directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < before) await rm(path, { recursive: true, force: true });
  }
  const referenced = new Set(manifest.packs.map(({ name }) => name));
  for (const { name } of await store.packs.list()) {
    if (referenced.has(name)) continue;
    const age = await store.packs.age(name);
    if (age !== undefined && age < before) await store.packs.remove([name]);
  }
}
