import type { GitRepository, GitRepositoryStatus } from "../api/git-repository.js";
import type { AppObserver } from "../controllers/overseer-app/services.js";
import type { Metrics } from "../telemetry/metrics.js";

/** Counts what happens to apps. */
export function appObserver(metrics: Metrics): AppObserver {
  const contested = new Map<string, number>();
  return {
    synced: (result, seconds) => {
      metrics.sync.total.of({ result }).inc();
      if (result === "succeeded") metrics.sync.seconds.observe(seconds);
    },
    applied: (verb, result) => metrics.sync.applies.of({ verb, result }).inc(),
    drifted: (objects) => metrics.drift.detected.inc(objects),
    healed: (objects, seconds) => {
      metrics.drift.healed.inc(objects);
      metrics.drift.healSeconds.observe(seconds);
    },
    contested: (app, objects) => {
      if (objects === 0) contested.delete(app);
      else contested.set(app, objects);
      metrics.drift.contestedObjects.set([...contested.values()].reduce((sum, count) => sum + count, 0));
    },
    pruned: (objects) => metrics.prune.pruned.inc(objects),
    pruneRefused: (reason) => metrics.prune.refused.of({ reason }).inc(),
    ready: (app, ready) =>
      metrics.resources.set({
        kind: app.kind,
        namespace: app.metadata.namespace,
        name: app.metadata.name,
        ready,
        suspended: app.spec.suspend,
      }),
    forgotten: (namespace, name) => metrics.resources.forget({ kind: "OverseerApp", namespace, name }),
  };
}

/** Counts the state of a repository. */
export function repositoryReady(metrics: Metrics): (repository: GitRepository, status: GitRepositoryStatus) => void {
  return (repository, status) =>
    metrics.resources.set({
      kind: repository.kind,
      namespace: repository.metadata.namespace,
      name: repository.metadata.name,
      ready: status.conditions?.find((condition) => condition.type === "Ready")?.status ?? "Unknown",
      suspended: repository.spec.suspend,
    });
}
