import type { AppState } from "./app-state.js";
import type { LineSeries, Sample } from "./line-series.js";

/** Values of the label `state` of `overseer_apps`; each app counts once. */
const STATES = ["ready", "progressing", "not_ready", "suspended"] as const;
type State = (typeof STATES)[number];

/** Creates the totals over all apps, which do not depend on `--metrics-per-app`. */
export function addAppTotals(lines: LineSeries, states: () => Iterable<AppState>): void {
  lines.collected(
    {
      name: "overseer_apps",
      help: "Number of OverseerApps, by state: ready, progressing, not_ready, suspended.",
      labels: ["state"],
    },
    () => countBy(states(), STATES, stateOf).map(([state, count]): Sample<"state"> => [{ state }, count]),
  );
  lines.collected(
    {
      name: "overseer_apps_drifted",
      help: "Number of OverseerApps whose live objects differ from the applied state.",
      labels: [],
    },
    () => [[{}, [...states()].filter(({ driftedSince }) => driftedSince !== undefined).length]],
  );
  const waiting = (): Iterable<AppState> => [...states()].filter((app) => app.waiting !== "" && !app.suspended);
  const gates = new Set<string>();
  lines.collected(
    { name: "overseer_changes_waiting", help: "Number of Changes that wait at a gate, by gate.", labels: ["gate"] },
    () => {
      for (const app of waiting()) gates.add(app.waiting);
      const counts = countBy(waiting(), [...gates], (app) => app.waiting);
      return counts.map(([gate, count]): Sample<"gate"> => [{ gate }, count]);
    },
  );
  lines.collected(
    {
      name: "overseer_changes_waiting_oldest_timestamp_seconds",
      help: "Time since which the oldest waiting Change waits, by gate, in seconds since the epoch; absent while none waits.",
      labels: ["gate"],
    },
    () => {
      const oldest = new Map<string, number>();
      for (const { waiting: gate, waitingSince = Number.POSITIVE_INFINITY } of waiting())
        oldest.set(gate, Math.min(oldest.get(gate) ?? Number.POSITIVE_INFINITY, waitingSince));
      return [...oldest]
        .filter(([, time]) => Number.isFinite(time))
        .map(([gate, time]): Sample<"gate"> => [{ gate }, time]);
    },
  );
}

function stateOf({ suspended, ready }: AppState): State {
  if (suspended) return "suspended";
  if (ready === "True") return "ready";
  return ready === "False" ? "not_ready" : "progressing";
}

function countBy<K extends string>(
  states: Iterable<AppState>,
  keys: readonly K[],
  keyOf: (state: AppState) => K | string,
): (readonly [K, number])[] {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(keyOf(state), (counts.get(keyOf(state)) ?? 0) + 1);
  return keys.map((key) => [key, counts.get(key) ?? 0]);
}
