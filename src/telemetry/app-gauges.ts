import type { AppName, AppState } from "./app-state.js";
import { addAppTotals } from "./app-totals.js";
import type { Family, Labels, Level } from "./instruments.js";
import type { LineSeries } from "./line-series.js";

/** Values of the label `result`: how a Change can end. */
export const CHANGE_RESULTS = ["Succeeded", "Failed", "Superseded", "Rejected"] as const;
export type ChangeResult = (typeof CHANGE_RESULTS)[number];
/** Results whose counter starts at 0 as soon as an app is observed, so that increases can be computed. */
const INITIAL_RESULTS: readonly ChangeResult[] = ["Succeeded", "Failed"];

/** Values of the label `state` of `overseer_app_objects`. */
const OBJECT_STATES = ["healthy", "unhealthy"] as const;
const NO_APP: AppName = { namespace: "", name: "" };

/**
 * Metrics of each app. `forget` removes all series of an app at once, so that their number is bounded by the existing
 * apps and no alert outlives its app.
 */
export interface AppGauges {
  set(state: AppState): void;
  /** Counts a Change that has ended. */
  changeEnded(app: AppName, result: ChangeResult): void;
  /** Counts a failure that is new since the last success of the app. */
  syncFailed(app: AppName, reason: string): void;
  forget(app: AppName): void;
}

const INFO_LABELS = [
  "namespace",
  "name",
  "repository",
  "revision",
  "ready",
  "reason",
  "synced",
  "health",
  "waiting",
  "suspended",
] as const;
type InfoLabels = Labels<(typeof INFO_LABELS)[number]>;

const SINCE = {
  unreadySince: [
    "overseer_app_unready_since_timestamp_seconds",
    "Time since which the app is not Ready, in seconds since the epoch; absent while it is Ready.",
  ],
  behindSince: [
    "overseer_app_behind_since_timestamp_seconds",
    "Time since which the app is not Synced, in seconds since the epoch; absent while it is Synced.",
  ],
  driftedSince: [
    "overseer_app_drifted_since_timestamp_seconds",
    "Time since which live objects of the app differ from the applied state, in seconds since the epoch; absent while none do.",
  ],
  waitingSince: [
    "overseer_app_waiting_since_timestamp_seconds",
    "Time since which the newest Change of the app waits at a gate, in seconds since the epoch; absent while none does.",
  ],
  backupFailedSince: [
    "overseer_app_backup_failed_since_timestamp_seconds",
    "Time since which an app on a Core has no current backup, in seconds since the epoch; absent while all have one.",
  ],
  lastSuccess: [
    "overseer_app_last_success_timestamp_seconds",
    "Time at which a Change of the app last succeeded, in seconds since the epoch; absent before the first one.",
  ],
} as const satisfies Partial<Record<keyof AppState, readonly [string, string]>>;
type SinceKey = keyof typeof SINCE;
const SINCE_KEYS = Object.keys(SINCE) as SinceKey[];

/** Options of the metrics of apps. */
export interface AppGaugeOptions {
  /** Whether each app has series of its own. If false, only totals are exported, and counters have no labels of apps. */
  readonly perApp: boolean;
}

/** Creates `overseer_app_*`, `overseer_apps`, `overseer_changes_*` and `overseer_sync_failures_total`. */
export function createAppGauges(lines: LineSeries, { perApp }: AppGaugeOptions): AppGauges {
  const make = perApp ? lines : undefined;
  const info = make?.levels({
    name: "overseer_app_info",
    help: "State of an OverseerApp; always 1.",
    labels: INFO_LABELS,
  });
  const since = Object.fromEntries(
    SINCE_KEYS.map((key) => {
      const [name, help] = SINCE[key];
      return [key, make?.levels({ name, help, labels: ["namespace", "name"] })];
    }),
  ) as Record<SinceKey, Family<"namespace" | "name", Level> | undefined>;
  const objects = make?.levels({
    name: "overseer_app_objects",
    help: "Number of objects that an OverseerApp desires, by state: healthy, unhealthy.",
    labels: ["namespace", "name", "state"],
  });
  const changes = lines.counts({
    name: "overseer_changes_total",
    help: "Total number of Changes that have ended, by app and result.",
    labels: ["namespace", "name", "result"],
  });
  const failures = lines.counts({
    name: "overseer_sync_failures_total",
    help: "Total number of sync failures, by app and reason. A retry that fails in the same way is not counted again.",
    labels: ["namespace", "name", "reason"],
  });
  const states = new Map<string, { readonly labels: InfoLabels; readonly state: AppState }>();
  const counted = new Map<string, { readonly results: Set<ChangeResult>; readonly reasons: Set<string> }>();
  addAppTotals(lines, function* () {
    for (const { state } of states.values()) yield state;
  });
  /** Labels of the counters of an app: empty ones, which Prometheus drops, without metrics per app. */
  const counterName = ({ namespace, name }: AppName): AppName => (perApp ? { namespace, name } : NO_APP);
  if (!perApp) for (const result of INITIAL_RESULTS) changes.of({ ...NO_APP, result }).inc(0);

  const countersOf = ({ namespace, name }: AppName) => {
    const key = `${namespace}/${name}`;
    const known = counted.get(key);
    if (known) return known;
    for (const result of INITIAL_RESULTS) changes.of({ ...counterName({ namespace, name }), result }).inc(0);
    const counters = { results: new Set<ChangeResult>(INITIAL_RESULTS), reasons: new Set<string>() };
    counted.set(key, counters);
    return counters;
  };
  const setSince = (before: AppState | undefined, after: AppState): void => {
    const { namespace, name } = after;
    for (const key of SINCE_KEYS) {
      const time = after[key];
      if (time === before?.[key]) continue;
      if (time === undefined) since[key]?.remove({ namespace, name });
      else since[key]?.of({ namespace, name }).set(time);
    }
    for (const state of OBJECT_STATES) {
      const count = after.objects?.[state];
      if (count === undefined) objects?.remove({ namespace, name, state });
      else objects?.of({ namespace, name, state }).set(count);
    }
  };
  return {
    set(state) {
      countersOf(state);
      const before = states.get(`${state.namespace}/${state.name}`);
      const labels = infoLabels(state);
      setSince(before?.state, state);
      const same = before && INFO_LABELS.every((label) => before.labels[label] === labels[label]);
      if (!same) {
        if (before) info?.remove(before.labels);
        info?.of(labels).set(1);
      }
      states.set(`${state.namespace}/${state.name}`, { labels, state });
    },
    changeEnded({ namespace, name }, result) {
      countersOf({ namespace, name }).results.add(result);
      changes.of({ ...counterName({ namespace, name }), result }).inc();
    },
    syncFailed({ namespace, name }, reason) {
      countersOf({ namespace, name }).reasons.add(reason);
      failures.of({ ...counterName({ namespace, name }), reason }).inc();
    },
    forget({ namespace, name }) {
      const key = `${namespace}/${name}`;
      const before = states.get(key);
      if (before) info?.remove(before.labels);
      for (const one of SINCE_KEYS) since[one]?.remove({ namespace, name });
      for (const state of OBJECT_STATES) objects?.remove({ namespace, name, state });
      const { results = [], reasons = [] } = (perApp ? counted.get(key) : undefined) ?? {};
      for (const result of results) changes.remove({ namespace, name, result });
      for (const reason of reasons) failures.remove({ namespace, name, reason });
      states.delete(key);
      counted.delete(key);
    },
  };
}

function infoLabels(state: AppState): InfoLabels {
  const { namespace, name, repository, revision, ready, reason, synced, health, waiting, suspended } = state;
  return {
    namespace,
    name,
    repository,
    revision,
    ready,
    reason,
    synced,
    health,
    waiting,
    suspended: String(suspended),
  };
}
