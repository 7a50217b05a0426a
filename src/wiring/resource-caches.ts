import type { OverseerAppSet } from "../api/app-set.js";
import type { Approval } from "../api/approval.js";
import type { Environment } from "../api/environment.js";
import type { GitRepository } from "../api/git-repository.js";
import { GROUP, VERSION } from "../api/group.js";
import type { OverseerApp } from "../api/overseer-app.js";
import { appOfChange, type KnownChange, reduceChange } from "../controllers/overseer-app/changes/known-change.js";
import { appSetOf } from "../controllers/overseer-app-set/identity.js";
import type { ResourceCache, ResourceCacheOptions } from "../controllers/resource-cache.js";
import type { WatchedKind } from "../gates/context.js";
import type { GroupVersionKind } from "../manifest/object-id.js";

/** The kinds that the operator caches, by the name of their cache. */
export interface CachedKinds {
  readonly repositories: GitRepository;
  readonly apps: OverseerApp;
  readonly changes: KnownChange;
  readonly approvals: Approval;
  readonly environments: Environment;
  readonly appSets: OverseerAppSet;
}

/** Name of a cache. */
export type CacheName = keyof CachedKinds;

/** The caches of the operator. */
export type ResourceCaches = { readonly [Name in CacheName]: ResourceCache<CachedKinds[Name]> };

/** How a kind is cached. */
export interface CachedKind<T> extends Pick<ResourceCacheOptions<T>, "trim" | "groupBy"> {
  readonly kind: GroupVersionKind;
}

/**
 * How each kind is cached. To cache another one, add it here and to `EventSources`, and permit `list` and `watch` in the roles of the
 * chart.
 */
export const CACHED_KINDS: { readonly [Name in CacheName]: CachedKind<CachedKinds[Name]> } = {
  repositories: { kind: own("GitRepository") },
  apps: { kind: own("OverseerApp"), groupBy: appSetOf },
  changes: { kind: own("Change"), trim: reduceChange, groupBy: appOfChange },
  approvals: {
    kind: own("Approval"),
    groupBy: ({ metadata, spec }) => `${metadata.namespace}/${spec.app.name}`,
  },
  environments: { kind: own("Environment") },
  appSets: { kind: own("OverseerAppSet") },
};

/** The names of all caches. */
export const CACHE_NAMES = Object.keys(CACHED_KINDS) as readonly CacheName[];

/** The cache of each kind that gates may watch. */
export const WATCHED_CACHES = {
  OverseerApp: "apps",
  GitRepository: "repositories",
  Environment: "environments",
} as const satisfies { readonly [Kind in WatchedKind]: CacheName };

function own(kind: string): GroupVersionKind {
  return { group: GROUP, version: VERSION, kind };
}
