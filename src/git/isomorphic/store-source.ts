import { GitError, isGitError } from "../errors.js";
import type { SnapshotSource } from "../objects/snapshot.js";
import { parseTree } from "../objects/tree.js";
import type { GitObject, ObjectType } from "../pack/entry.js";
import type { ReadCaches } from "./read-caches.js";
import type { Store } from "./store.js";

/** Returns the objects of a verified commit in a store. */
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
 * Reads the object `id`; undefined if no pack contains it. If a pack is unreadable, because files on disk changed or the store was
 * just repacked, the store is checked, damaged packs are dropped, and the read is retried once. Throws `GIT_STORE_DAMAGED`, after
 * which `open` no longer finds the commit and `fetch` fetches it again.
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

/** Returns the error for a verified object that the cache no longer holds. A fetch restores it. */
export function damaged(what: string, cause?: unknown): GitError {
  const message = `${what} is damaged in the Git cache; the next attempt fetches the missing objects again`;
  return new GitError("GIT_STORE_DAMAGED", message, { cause });
}

/** Returns whether an error is caused by a damaged, missing or unreadable pack or index. */
export function isDamage(error: unknown): boolean {
  return isGitError(error, "GIT_PACK_CORRUPT") || (error instanceof Error && "syscall" in error);
}
