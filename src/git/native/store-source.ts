import type { LRUCache } from "lru-cache";
import { GitError } from "../errors.js";
import type { SnapshotSource } from "../objects/snapshot.js";
import { type ParsedTree, parseTree } from "../objects/tree.js";
import type { GitObject, ObjectType } from "../pack/entry.js";
import { damaged } from "./damage.js";
import type { NativeStore } from "./store.js";

/** Returns the objects of a verified commit in a store. Parsed trees are cached in `trees`: many apps read the same few. */
export function storeSource(store: NativeStore, commit: string, trees: LRUCache<string, ParsedTree>): SnapshotSource {
  const read = async (id: string, type: ObjectType): Promise<GitObject> => {
    const object = await store.read(id);
    if (object?.type === type) return object;
    if ((await store.record(commit)) === undefined) throw damaged(`commit ${commit}`);
    throw new GitError("GIT_OBJECT_NOT_FOUND", `commit ${commit} has no ${type} ${id}`);
  };
  return {
    readTree: async (id) => {
      const known = trees.get(id);
      if (known !== undefined) return known;
      const parsed = parseTree((await read(id, "tree")).content, id);
      trees.set(id, parsed);
      return parsed;
    },
    readBlob: async (id) => (await read(id, "blob")).content,
  };
}
