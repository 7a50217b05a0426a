import type { Family, Instruments, Labels, Level } from "./instruments.js";

/** Labels that name an app. */
export interface AppName {
  readonly namespace: string;
  readonly name: string;
}

/** What the metrics say of one app. Times are in seconds since the epoch, and undefined while they do not apply. */
export interface AppState extends AppName {
  /** `namespace/name` of its GitRepository. */
  readonly repository: string;
  /** Short form of the revision that was last applied; empty before the first one. */
  readonly revision: string;
  readonly ready: ConditionStatus;
  /** Reason of the Ready condition. */
  readonly reason: string;
  readonly synced: ConditionStatus;
  /** Healthy, Progressing, Degraded or Unknown. */
  readonly health: string;
  /** Reason of the Waiting condition: which gate holds the newest Change; empty: none. */
  readonly waiting: string;
  readonly suspended: boolean;
  readonly unreadySince: number | undefined;
  readonly behindSince: number | undefined;
  readonly driftedSince: number | undefined;
  readonly waitingSince: number | undefined;
}

type ConditionStatus = "True" | "False" | "Unknown";

/** How a Change can end, as the label `result` says it. */
export const CHANGE_RESULTS = ["Succeeded", "Failed", "Superseded", "Rejected", "RolledBack"] as const;
export type ChangeResult = (typeof CHANGE_RESULTS)[number];
/** Results whose counter shows as 0 from the first sight of an app on, so that an increase can be computed. */
const FROM_THE_START: readonly ChangeResult[] = ["Succeeded", "Failed"];

/**
 * The series of each app. All of them go when the app is forgotten, in the same moment: their number is bounded by the apps that
 * exist, and no alert outlives its app.
 */
export interface AppGauges {
  set(state: AppState): void;
  /** A Change of the app has ended. */
  changeEnded(app: AppName, result: ChangeResult): void;
  /** The app failed in a way that was not seen since its last success. */
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
    "Since when the app is not Ready; absent while it is.",
  ],
  behindSince: ["overseer_app_behind_since_timestamp_seconds", "Since when the app is not Synced; absent while it is."],
  driftedSince: [
    "overseer_app_drifted_since_timestamp_seconds",
    "Since when live objects of the app differ from what was applied; absent while none do.",
  ],
  waitingSince: [
    "overseer_app_waiting_since_timestamp_seconds",
    "Since when the newest Change of the app waits at a gate; absent while none does.",
  ],
} as const satisfies Partial<Record<keyof AppState, readonly [string, string]>>;
type SinceKey = keyof typeof SINCE;
const SINCE_KEYS = Object.keys(SINCE) as SinceKey[];

/** Makes `overseer_app_*`, `overseer_changes_total` and `overseer_sync_failures_total`. */
export function createAppGauges(make: Instruments): AppGauges {
  const info = make.levels({
    name: "overseer_app_info",
    help: "An OverseerApp and its state; always 1.",
    labels: INFO_LABELS,
  });
  const since = Object.fromEntries(
    SINCE_KEYS.map((key) => {
      const [name, help] = SINCE[key];
      return [key, make.levels({ name, help, labels: ["namespace", "name"] })];
    }),
  ) as Record<SinceKey, Family<"namespace" | "name", Level>>;
  const changes = make.counts({
    name: "overseer_changes_total",
    help: "Changes that have ended, each counted once, by app and result.",
    labels: ["namespace", "name", "result"],
  });
  const failures = make.counts({
    name: "overseer_sync_failures_total",
    help: "Failures of syncs by app and reason; a retry that fails in the same way is not counted again.",
    labels: ["namespace", "name", "reason"],
  });
  const states = new Map<string, { readonly labels: InfoLabels; readonly state: AppState }>();
  const counted = new Map<string, { readonly results: Set<ChangeResult>; readonly reasons: Set<string> }>();

  const countersOf = ({ namespace, name }: AppName) => {
    const key = `${namespace}/${name}`;
    const known = counted.get(key);
    if (known) return known;
    for (const result of FROM_THE_START) changes.of({ namespace, name, result }).inc(0);
    const made = { results: new Set<ChangeResult>(FROM_THE_START), reasons: new Set<string>() };
    counted.set(key, made);
    return made;
  };
  const setSince = (before: AppState | undefined, state: AppState): void => {
    const { namespace, name } = state;
    for (const key of SINCE_KEYS) {
      const time = state[key];
      if (time === before?.[key]) continue;
      if (time === undefined) since[key].remove({ namespace, name });
      else since[key].of({ namespace, name }).set(time);
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
        if (before) info.remove(before.labels);
        info.of(labels).set(1);
      }
      states.set(`${state.namespace}/${state.name}`, { labels, state });
    },
    changeEnded({ namespace, name }, result) {
      countersOf({ namespace, name }).results.add(result);
      changes.of({ namespace, name, result }).inc();
    },
    syncFailed({ namespace, name }, reason) {
      countersOf({ namespace, name }).reasons.add(reason);
      failures.of({ namespace, name, reason }).inc();
    },
    forget({ namespace, name }) {
      const key = `${namespace}/${name}`;
      const before = states.get(key);
      if (before) info.remove(before.labels);
      for (const one of SINCE_KEYS) since[one].remove({ namespace, name });
      for (const result of counted.get(key)?.results ?? []) changes.remove({ namespace, name, result });
      for (const reason of counted.get(key)?.reasons ?? []) failures.remove({ namespace, name, reason });
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
