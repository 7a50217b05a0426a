import { GitError, isGitError } from "../errors.js";
import type { SnapshotSource } from "../objects/snapshot.js";
import { parseTree } from "../objects/tree.js";
import type { GitObject, ObjectType } from "../pack/entry.js";
import type { ReadCaches } from "./read-caches.js";
import type { Store } from "./store.js";

/** The objects of a verified commit in a store. */
export function storeSource(store: Store, commit: string, caches: ReadCaches): SnapshotSource {
  const read = async (id: string, type: ObjectType): Promise<GitObject> => {
    caches.touch();
    const object = await readOrHeal(store, id);
    if (object?.type === type) return object;
    if ((await store.record(commit)) === undefined) throw damaged(`commit ${commit}`);
    throw new GitError("GIT_OBJECT_NOT_FOUND", `commit ${commit} has no ${type} ${id}`);
  };
  return {
    readTree: async (id) => {
      caches.touch();
      const known = caches.trees.get(id);
      if (known !== undefined) return known;
      const parsed = parseTree((await read(id, "tree")).content, id);
      caches.trees.set(id, parsed);
      return parsed;
    },
    readBlob: async (id) => (await read(id, "blob")).content,
  };
}

/**
 * The object `id`; undefined when no pack holds it. When a pack cannot be read, the disk has changed under us (or the store
 * was packed anew this moment): the store is checked, drops what is damaged, and is asked once more. Throws
 * `GIT_STORE_DAMAGED`, after which `open` does not find the commit any more and `fetch` brings it again.
 */
export async function readOrHeal(store: Store, id: string): Promise<GitObject | undefined> {
  try {
    return await (await store.packs()).read(id);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  await store.heal();
  try {
    return await (await store.packs()).read(id);
  } catch (error) {
    throw isDamage(error) ? damaged(`object ${id}`, error) : error;
  }
}

/** The error for what was verified once and is there no more: a fetch mends it. */
export function damaged(what: string, cause?: unknown): GitError {
  const message = `${what} is damaged in the Git cache; the next attempt fetches the missing objects again`;
  return new GitError("GIT_STORE_DAMAGED", message, { cause });
}

/** What a damaged pack or index throws: our own check, or the file system for a file that is gone or cannot be read. */
export function isDamage(error: unknown): boolean {
  return isGitError(error, "GIT_PACK_CORRUPT") || (error instanceof Error && "syscall" in error);
}
