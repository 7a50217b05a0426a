import { type Condition, type ConditionStatus, findCondition } from "../api/conditions.js";
import type { GitRepository, GitRepositoryStatus } from "../api/git-repository.js";
import type { OverseerApp, OverseerAppStatus } from "../api/overseer-app.js";
import { shortRevision } from "../api/short-revision.js";
import { isShownSuspended } from "../api/suspension.js";
import type { Clock } from "../base/clock.js";
import { parseDuration } from "../base/duration.js";
import type { RepositoryObserver } from "../controllers/git-repository/services.js";
import type { AppObserver } from "../controllers/overseer-app/app-services.js";
import type { KnownChange } from "../controllers/overseer-app/changes/known-change.js";
import { repositoryKey } from "../controllers/overseer-app/source/locate-inputs.js";
import { appKey } from "../plan/live.js";
import { CHANGE_RESULTS } from "../telemetry/app-gauges.js";
import type { Metrics } from "../telemetry/metrics.js";
import { GATES } from "./gates.js";

/** Records the metrics of apps. `changesOf`: the known Changes of an app (`namespace/name`). */
export function appObserver(
  metrics: Metrics,
  changesOf: (app: string) => Iterable<KnownChange> = () => [],
): AppObserver {
  const contested = new Map<string, number>();
  // Series that start at 0 before the first observation.
  for (const { name: gate } of GATES) metrics.change.waitSeconds.of({ gate });
  return {
    changeEnded: (app, { phase, seconds, leadSeconds, actions }) => {
      const result = CHANGE_RESULTS.find((known) => known === phase);
      if (result) metrics.apps.changeEnded(app, result);
      if (result === "Succeeded") metrics.sync.seconds.observe(seconds);
      if (leadSeconds !== undefined) metrics.change.leadSeconds.observe(leadSeconds);
      if (actions === undefined) return;
      const { created: create, updated: update, deleted } = actions;
      for (const [verb, count] of Object.entries({ create, update, delete: deleted }))
        metrics.change.actions.of({ verb }).observe(count);
    },
    gateOpened: (gate, seconds) => metrics.change.waitSeconds.of({ gate }).observe(seconds),
    decided: (decision) => metrics.change.approvals.of({ decision }).inc(),
    syncFailed: (app, reason) => metrics.apps.syncFailed(app, reason),
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
    state: (app, status) => recordAppState(metrics, app, status, changesOf(appKey(app.metadata))),
    forgotten: (namespace, name) => {
      metrics.resources.forget({ kind: "OverseerApp", namespace, name });
      metrics.apps.forget({ namespace, name });
    },
  };
}

/** Records the state of an app from its conditions, so that it is also correct after a restart. */
function recordAppState(
  metrics: Metrics,
  app: OverseerApp,
  { conditions, applied, health, counts }: OverseerAppStatus,
  changes: Iterable<KnownChange>,
): void {
  const { namespace, name } = app.metadata;
  const suspended = isShownSuspended(app.spec, findCondition(conditions, "Ready")?.reason);
  const types = ["Ready", "Synced", "Drifted", "Waiting", "BackupFailed"] as const;
  const [ready, synced, drifted, waiting, backupFailed] = types.map((type) => findCondition(conditions, type));
  const state = { ready: statusOf(ready), reason: ready?.reason ?? "", suspended };
  metrics.resources.set({ kind: app.kind, namespace, name, ...state });
  metrics.apps.set({
    ...{ namespace, name, ...state },
    repository: repositoryKey(app),
    revision: applied === undefined ? "" : shortRevision(applied.revision),
    synced: statusOf(synced),
    health: health ?? "Unknown",
    waiting: waiting?.reason ?? "",
    unreadySince: ready?.status === "True" ? undefined : sinceOf(ready),
    behindSince: synced?.status === "True" ? undefined : sinceOf(synced),
    driftedSince: sinceOf(drifted),
    waitingSince: sinceOf(waiting),
    backupFailedSince: sinceOf(backupFailed),
    lastSuccess: lastSuccessOf(changes),
    objects: counts && { healthy: counts.healthy, unhealthy: counts.objects - counts.healthy },
  });
}

/** Returns when a Change last succeeded, in seconds since the epoch. */
function lastSuccessOf(changes: Iterable<KnownChange>): number | undefined {
  let last: number | undefined;
  for (const { status } of changes) {
    const time = status?.phase === "Succeeded" ? Date.parse(status.completionTime ?? "") / 1000 : Number.NaN;
    if (!Number.isNaN(time)) last = Math.max(last ?? time, time);
  }
  return last;
}

/** Records the metrics of GitRepositories. */
export function repositoryObserver(metrics: Metrics, clock: Clock): RepositoryObserver {
  return {
    fetched: (result, seconds, bytes) => {
      metrics.git.fetches.of({ result }).inc();
      metrics.git.fetchSeconds.observe(seconds);
      metrics.git.fetchBytes.inc(bytes);
    },
    failed: (reason) => metrics.git.errors.of({ reason }).inc(),
    polled: ({ metadata, spec }) =>
      metrics.repositories.polled(metadata, Math.floor(clock.now() / 1000), (parseDuration(spec.interval) ?? 0) / 1000),
    state: (repository, status) => recordRepositoryState(metrics, repository, status),
    forgotten: (namespace, name) => {
      metrics.resources.forget({ kind: "GitRepository", namespace, name });
      metrics.repositories.forget({ namespace, name });
    },
  };
}

function recordRepositoryState(metrics: Metrics, repository: GitRepository, { conditions }: GitRepositoryStatus): void {
  const { kind, metadata, spec } = repository;
  const { namespace, name } = metadata;
  const ready = findCondition(conditions, "Ready");
  const { suspend: suspended } = spec;
  metrics.resources.set({ kind, namespace, name, ready: statusOf(ready), reason: ready?.reason ?? "", suspended });
  // A suspended repository is not polled, so it must not count as stale.
  if (suspended) metrics.repositories.forget({ namespace, name });
}

function statusOf(condition: Condition | undefined): ConditionStatus {
  return condition?.status ?? "Unknown";
}

/** Returns the last transition time of a condition, in seconds since the epoch. */
function sinceOf(condition: Condition | undefined): number | undefined {
  return condition && Date.parse(condition.lastTransitionTime) / 1000;
}
