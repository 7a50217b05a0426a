import type { CommitRecord } from "../stores/store-records.js";
import { damaged } from "./damage.js";
import type { Generation } from "./manifest.js";
import type { GitProgram } from "./program.js";
import type { NativeStore } from "./store.js";
import { verify } from "./verify.js";
import type { Workspace } from "./workspace.js";

/** Options of a repack. */
export interface RepackOptions {
  readonly git: GitProgram;
  readonly signal: AbortSignal;
}

/**
 * Repacks the objects that `commits` need into one pack, without network access, and drops all others. Returns false if another
 * process changed the store meanwhile. Throws `GIT_STORE_DAMAGED` without changes if a commit is incomplete.
 */
export async function repack(
  store: NativeStore,
  generation: Generation,
  commits: Readonly<Record<string, CommitRecord>>,
  options: RepackOptions,
): Promise<boolean> {
  const ids = Object.keys(commits);
  const workspace = await store.workspace(generation, ids);
  try {
    await makePack(workspace, ids, options);
    const [pack] = await workspace.fresh.list();
    if (pack === undefined) throw damaged("a Git store");
    const old = generation.manifest.packs;
    if (old.every(({ name }) => name !== pack.name)) await store.take(pack, workspace.fresh);
    const isDone = await store.update((manifest) =>
      manifest === generation.manifest ? { ...manifest, packs: [pack], commits, compactBytes: pack.bytes } : undefined,
    );
    if (isDone) await store.drop(old.filter(({ name }) => name !== pack.name));
    return isDone;
  } finally {
    await workspace.remove();
  }
}

/** Writes one pack with all objects of the commits into `fresh`, and verifies it on its own. */
async function makePack(workspace: Workspace, ids: readonly string[], options: RepackOptions): Promise<void> {
  const { git, signal } = options;
  const { path: directory, fresh, known } = workspace;
  const packed = await git.run({
    args: ["pack-objects", "--revs", "--quiet", "--delta-base-offset", "--end-of-options", `${fresh.path}/pack/pack`],
    input: ids.map((id) => `${id}\n`).join(""),
    directory,
    objects: fresh.path,
    alternate: known.path,
    signal,
  });
  if (packed.code !== 0) throw damaged("a Git store", new Error(packed.stderr));
  const { outcome, notCommits } = await verify(git, {
    directory,
    objects: fresh.path,
    commits: ids,
    verified: [],
    maxObjects: Number.POSITIVE_INFINITY,
    signal,
  });
  if (outcome.code !== 0 || notCommits.length > 0) throw damaged("a Git store", new Error(outcome.stderr));
}
