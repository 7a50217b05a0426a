import { findCondition } from "../../../api/conditions.js";
import type { HealthStatus, OverseerApp } from "../../../api/overseer-app.js";
import { type AppRow, SYNC_STATES, type SyncState } from "../../../api/rest/apps.js";
import { isShownSuspended } from "../../../api/suspension.js";
import type { ListRow } from "./window.js";

/** Fields of apps that filters may name. */
export const APP_KEYS = ["health", "sync", "ns", "name", "repo", "dest", "change", "pinned"] as const;
/** Fields of apps whose values are counted. */
export const APP_FACETS = ["health", "sync", "ns", "repo", "dest"] as const;
/** Columns of apps to sort by. `state` is the worst first. */
export const APP_COLUMNS = ["state", "name", "ns", "health", "sync", "repo", "changed", "objects", "dest"] as const;

const HEALTH_RANK: Readonly<Record<HealthStatus, number>> = {
  Degraded: 0,
  Unknown: 1,
  Progressing: 2,
  Suspended: 3,
  Healthy: 4,
};
const MAX_MESSAGE = 160;

/** Returns the row of an app, with what it is filtered and sorted by. Pure. */
export function appListRow(app: OverseerApp): ListRow<AppRow> {
  const row = appRow(app);
  const { namespace, name, health, sync, repository, destination, change, changed = "", objects = 0, revision } = row;
  const syncRank = SYNC_STATES.indexOf(sync);
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    row,
    fields: lowerCase({
      health,
      sync,
      ns: namespace,
      name,
      repo: repository,
      dest: destination,
      change,
      pinned: row.pinned ? "true" : "false",
    }),
    labels: lowerCase(app.metadata.labels ?? {}),
    text: `${namespace}/${name} ${repository} ${revision ?? ""} ${destination} ${row.message ?? ""}`.toLowerCase(),
    columns: {
      // Degraded apps first, then those that are not in sync, then the rest.
      state: health === "Degraded" ? syncRank : 100 + Math.min(syncRank * 10, 90) + HEALTH_RANK[health],
      name,
      ns: namespace,
      health: HEALTH_RANK[health],
      sync: syncRank,
      repo: repository,
      changed,
      objects,
      dest: destination,
    },
  };
}

/** Returns an app as lists show it. Pure. */
export function appRow({ metadata, spec, status }: OverseerApp): AppRow {
  const { namespace, name } = metadata;
  const { repositoryRef } = spec.source;
  const sync = syncState({ metadata, spec, status } as OverseerApp);
  const health = status?.health ?? "Unknown";
  const times = (["Ready", "Synced"] as const).map(
    (type) => findCondition(status?.conditions, type)?.lastTransitionTime,
  );
  const changed = times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  const fine = sync === "Synced" && health === "Healthy";
  const message = fine ? undefined : (differenceOf(status, sync) ?? status?.message);
  return {
    namespace,
    name,
    health,
    sync,
    repository:
      repositoryRef.namespace === undefined || repositoryRef.namespace === namespace
        ? repositoryRef.name
        : `${repositoryRef.namespace}/${repositoryRef.name}`,
    ...(status?.shortRevision === undefined ? {} : { revision: status.shortRevision }),
    destination: destinationOf(spec.destination, namespace),
    ...(status?.change === undefined ? {} : { change: status.change.name }),
    ...(changed === undefined ? {} : { changed }),
    ...(status?.counts === undefined ? {} : { objects: status.counts.objects }),
    ...(status?.promotion?.promotable === undefined ? {} : { promotable: status.promotion.promotable.slice(0, 7) }),
    ...(status?.pin === undefined ? {} : { pinned: true as const }),
    ...(message === undefined ? {} : { message: message.slice(0, MAX_MESSAGE) }),
  };
}

/** The message of the condition that the state comes from, if the app is Ready all the same. */
function differenceOf(status: OverseerApp["status"], sync: SyncState): string | undefined {
  if (sync !== "Drifted" && sync !== "Contested") return undefined;
  return findCondition(status?.conditions, sync)?.message;
}

/** Returns the state of an app in one word: the worst that its conditions say. */
export function syncState({ metadata, spec, status }: OverseerApp): SyncState {
  const is = (type: Parameters<typeof findCondition>[1]): boolean =>
    findCondition(status?.conditions, type)?.status === "True";
  const synced = findCondition(status?.conditions, "Synced")?.status;
  if (metadata.deletionTimestamp !== undefined) return "Deleting";
  if (isShownSuspended(spec, findCondition(status?.conditions, "Ready")?.reason)) return "Suspended";
  if (is("Stalled")) return "Failed";
  if (is("Contested")) return "Contested";
  if (is("Waiting")) return "Waiting";
  if (synced === "False" && (status?.failures ?? 0) > 0) return "Failed";
  if (is("Drifted")) return "Drifted";
  if (is("Reconciling")) return synced === undefined ? "Unknown" : "Applying";
  if (is("Paused")) return "Paused";
  if (synced === "True") return "Synced";
  return synced === "False" ? "Failed" : "Unknown";
}

function destinationOf({ kubernetes, overseer }: OverseerApp["spec"]["destination"], namespace: string): string {
  if (overseer !== undefined) return `overseer/${URL.canParse(overseer.url) ? new URL(overseer.url).host : ""}`;
  const target = kubernetes?.namespace ?? namespace;
  const remote = kubernetes?.kubeConfigSecretRef?.name;
  return remote === undefined ? `kubernetes/${target}` : `remote/${remote}/${target}`;
}

/** Returns a record with its keys and values in lower case, as filters compare them. */
export function lowerCase<V extends string | undefined>(values: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key.toLowerCase(), value?.toLowerCase() as V]),
  );
}
