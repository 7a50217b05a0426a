import type { ConditionType } from "../../../api/conditions.js";
import { findCondition } from "../../../api/conditions.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { shortRevision } from "../../../api/short-revision.js";
import { isShownSuspended } from "../../../api/suspension.js";

/** What `overseer wait --for` can wait for. */
export const GOALS = ["synced", "ready", "healthy", "deleted"] as const;
export type Goal = (typeof GOALS)[number];

const CONDITIONS: Readonly<Record<Exclude<Goal, "deleted">, readonly ConditionType[]>> = {
  synced: ["Ready", "Synced"],
  ready: ["Ready"],
  healthy: ["Healthy"],
};

/** Returns why an app has not reached a goal, in lines; none if it has. */
export function missingOf(app: OverseerApp | undefined, goal: Goal): string[] {
  if (app === undefined) return goal === "deleted" ? [] : ["the app does not exist"];
  const { metadata, status } = app;
  if (goal === "deleted")
    return [
      metadata.deletionTimestamp === undefined
        ? "the app exists"
        : (findCondition(status?.conditions, "Terminating")?.message ?? "the app is being deleted"),
    ];
  if (goal === "synced" && isSuspended(app)) return ["the app is suspended"];
  if (status?.observedGeneration !== metadata.generation) return ["the operator has not seen the newest spec yet"];
  const lines = CONDITIONS[goal].flatMap((type) => {
    const condition = findCondition(status?.conditions, type);
    if (condition?.status === "True") return [];
    return [
      `${type} is ${condition?.status ?? "not set"}${condition === undefined ? "" : `: ${shortRevision(condition.message, 12)}`}`,
    ];
  });
  const waiting = lines.length === 0 ? undefined : findCondition(status?.conditions, "Waiting");
  const problems =
    lines.length === 0 ? [] : (status?.problems ?? []).map(({ object, message }) => `${object}: ${message}`);
  return [...lines, ...(waiting === undefined ? [] : [`Waiting: ${waiting.message}`]), ...problems];
}

/** Returns why an app will not reach a goal by itself; undefined while it may. */
export function failureOf(app: OverseerApp | undefined, goal: Goal): string | undefined {
  if (app === undefined || goal === "deleted") return undefined;
  const { metadata, status } = app;
  if (metadata.deletionTimestamp !== undefined) return "the app is being deleted";
  if (isSuspended(app)) return 'the app is suspended: resume it with "overseer resume"';
  if (status?.observedGeneration !== metadata.generation) return undefined;
  return findCondition(status.conditions, "Stalled")?.message;
}

function isSuspended({ spec, status }: OverseerApp): boolean {
  return isShownSuspended(spec, findCondition(status?.conditions, "Ready")?.reason);
}
