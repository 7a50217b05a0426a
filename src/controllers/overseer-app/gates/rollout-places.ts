import type { OverseerApp } from "../../../api/overseer-app.js";
import { MissingFactError } from "../../../gates/context.js";
import type { RolloutSlots } from "../../../gates/rollout-slots.js";
import type { ResourceCache } from "../../resource-cache.js";
import type { KnownChange } from "../changes/known-change.js";

/** Where the apps and their Changes are read from. */
export interface RolloutCaches {
  readonly apps: Pick<ResourceCache<OverseerApp>, "values" | "follows">;
  readonly changes: Pick<ResourceCache<KnownChange>, "of">;
}

/**
 * Places for apps that apply a Change, by Environment. An app that has passed its gates keeps its place in memory until its Change is recorded
 * as begun: apps are judged at the same time. After a restart, the Changes tell.
 */
export class RolloutPlaces {
  /** Apps (`namespace/name`) that were let through and whose Change is not recorded yet, by Environment. */
  readonly #taken = new Map<string, Set<string>>();

  /** Gives back the places of an app: it waits, or its Change is recorded. */
  release(app: string): void {
    for (const apps of this.#taken.values()) apps.delete(app);
  }

  /** Returns what the gate may take for an app. */
  of(app: string, caches: RolloutCaches): RolloutSlots {
    return {
      take: (environment, namespaces, limit) => {
        const foreign = [...namespaces].filter((namespace) => !caches.apps.follows(namespace));
        if (foreign.length > 0) throw notCountable(environment, foreign);
        const taken = this.#taken.get(environment) ?? new Set<string>();
        this.#taken.set(environment, taken);
        const holders = new Set([...taken, ...applying(caches, namespaces)]);
        holders.delete(app);
        if (holders.size >= limit) return [...holders].sort();
        taken.add(app);
        return [];
      },
    };
  }
}

/** Another process manages apps of the Environment, and lets them through at the same time. */
function notCountable(environment: string, foreign: readonly string[]): MissingFactError {
  const [first = ""] = foreign;
  const which = foreign.length === 1 ? `namespace ${first}` : `${foreign.length} namespaces (${first} and others)`;
  return new MissingFactError(
    `limits.concurrent of Environment ${environment} cannot be kept: ${which} of it ${foreign.length === 1 ? "belongs" : "belong"} to another shard or installation; put all namespaces of the Environment into one`,
  );
}

/** Returns the apps of these namespaces with a Change that has begun to write and has not ended. */
function* applying({ apps, changes }: RolloutCaches, namespaces: ReadonlySet<string>): Iterable<string> {
  for (const { metadata } of apps.values()) {
    if (!namespaces.has(metadata.namespace) || metadata.deletionTimestamp !== undefined) continue;
    const key = `${metadata.namespace}/${metadata.name}`;
    for (const { spec, status } of changes.of(key)) {
      if (spec.cause === "Rollback" || spec.cause === "Deletion" || spec.cause === "Drift") continue;
      if (status?.phase === "Applying" || status?.phase === "Verifying") yield key;
    }
  }
}
