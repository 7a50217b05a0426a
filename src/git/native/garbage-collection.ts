import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import type { GitLimits } from "../limits.js";
import type { NativeManifest } from "./manifest.js";
import type { PackDirectory } from "./pack-directory.js";
import { WORKSPACE_PREFIX } from "./workspace.js";

/** On top of the longest time that any work takes. */
const MARGIN_MS = 60_000;

/**
 * Removes what killed processes left in a store: workspaces, unfinished manifests, packs that no manifest names. All work
 * ends by the fetch timeout, so what is older belongs to nobody; what is younger may be another process's.
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
  const named = new Set(manifest.packs.map(({ name }) => name));
  for (const { name } of await store.packs.list()) {
    if (named.has(name)) continue;
    const age = await store.packs.age(name);
    if (age !== undefined && age < before) await store.packs.remove([name]);
  }
}
