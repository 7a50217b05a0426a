import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import type { ResourceCache } from "../controllers/resource-cache.js";
import { type Lister, MissingFactError, type WatchedKind, type WatchedKinds } from "../gates/context.js";
import { appKey } from "../plan/live.js";
import { WATCHED_CACHES } from "./resource-caches.js";

type ListedCache<T extends WatchedKinds[WatchedKind]> = Pick<ResourceCache<T>, "get" | "values" | "follows" | "synced">;

/** The caches of the kinds that gates may list. */
export type WatchedCaches = {
  readonly [K in WatchedKind as (typeof WATCHED_CACHES)[K]]: ListedCache<WatchedKinds[K]>;
};

/** Creates a lister of the operator's caches. */
export function cacheLister(caches: WatchedCaches, memories: ReadonlyMap<string, AppMemory>): Lister {
  const listed = <K extends WatchedKind>(kind: K): ListedCache<WatchedKinds[K]> => {
    const cache = caches[WATCHED_CACHES[kind]] as ListedCache<WatchedKinds[K]>;
    if (!cache.synced) throw new MissingFactError(`the list of kind ${kind} is not complete yet`);
    return cache;
  };
  return {
    get: (kind, key) => {
      const cache = listed(kind);
      const [namespace = ""] = key.split("/");
      if (!cache.follows(namespace))
        throw new MissingFactError(
          `${kind} ${key} is in a namespace that this installation or shard does not watch: add ${namespace} to --watch-namespaces, or to the same group of --shards`,
        );
      return cache.get(key);
    },
    list: (kind) => listed(kind).values(),
    appliedCommit: ({ metadata }) => memories.get(appKey(metadata))?.appliedCommit,
  };
}
