import type { AppDetail, Condition } from "../../api/types.js";

/** Something of an app that a person may have to act on. */
export interface Need {
  readonly kind:
    | "stalled"
    | "waiting"
    | "contested"
    | "drifted"
    | "failed"
    | "pinned"
    | "paused"
    | "limited"
    | "terminating";
  readonly title: string;
  readonly message: string;
  readonly since: string;
}

/** Conditions that need attention while they are True, in the order of their weight, with the title to show. */
const NEEDS: readonly (readonly [type: string, kind: Need["kind"], title: string])[] = [
  ["Stalled", "stalled", "The app cannot be synced until the cause is removed"],
  ["Waiting", "waiting", "A Change waits"],
  ["Contested", "contested", "Another writer keeps changing this app"],
  ["Drifted", "drifted", "Live objects differ from Git"],
  ["Pinned", "pinned", "The app stays at earlier inputs"],
  ["Paused", "paused", "Some objects are paused"],
  ["Limited", "limited", "Some of the state is not known"],
  ["Terminating", "terminating", "The app is being deleted"],
];

/** Returns a condition of an app. */
export function conditionOf({ status }: AppDetail, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** Returns what needs attention, the most important first. */
export function needsOf(app: AppDetail): readonly Need[] {
  const needs = NEEDS.flatMap(([type, kind, title]): Need[] => {
    const condition = conditionOf(app, type);
    if (condition?.status !== "True") return [];
    return [{ kind, title, message: condition.message, since: condition.lastTransitionTime }];
  });
  const synced = conditionOf(app, "Synced");
  const failed = synced?.status === "False" && (app.status?.failures ?? 0) > 0;
  if (!failed || needs.some(({ kind }) => kind === "stalled" || kind === "waiting")) return needs;
  const title = "The last attempt to sync failed";
  return [{ kind: "failed", title, message: synced.message, since: synced.lastTransitionTime }, ...needs];
}

/** Returns the state of an app in one sentence, without the time. */
export function sentenceOf(app: AppDetail): string {
  const { row, status } = app;
  const counts = status?.counts;
  const [problem] = status?.problems ?? [];
  if (row.health === "Degraded" || row.health === "Progressing") {
    if (problem !== undefined) return `${problem.object}: ${problem.message}`;
  }
  const cause = conditionOf(app, row.sync);
  if (row.health === "Healthy" && cause?.status === "True" && row.sync !== "Synced") return cause.message;
  if (row.health === "Healthy" && row.sync === "Synced") return `Healthy and in sync: ${countText(counts)}`;
  return conditionOf(app, "Ready")?.message ?? "Not reconciled yet";
}

function countText(counts: { readonly objects: number } | undefined): string {
  if (counts === undefined) return "all objects are as in Git";
  return counts.objects === 1 ? "1 object is as in Git" : `all ${counts.objects} objects are as in Git`;
}
