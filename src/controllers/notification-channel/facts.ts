import { findCondition } from "../../api/conditions.js";
import type { OpenProblem, Topic } from "../../api/notification-channel.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { isShownSuspended } from "../../api/suspension.js";
import { canonicalJson, sha256 } from "../../base/hash.js";
import type { KnownChange } from "../overseer-app/changes/known-change.js";

/** Something about an app that can be reported. */
export interface Fact {
  /** The same for the same problem or Change, also after a restart. */
  readonly key: string;
  readonly topic: Topic;
  /** `namespace/name` of the app. */
  readonly app: string;
  /** When it began or ended, in milliseconds since the epoch. */
  readonly time: number;
  /** Reason of the condition, or cause of the Change: facts with the same one make one message. */
  readonly reason: string;
  readonly text: string;
}

/** Reasons of Waiting for which a person has to act. */
const WAITS_FOR_PEOPLE: ReadonlySet<string> = new Set([
  "Approval",
  "Approvals",
  "Deletions",
  "Manual",
  "PolicyChanges",
]);
/** Reasons of Ready that have topics of their own, or are the wish of a user. */
const NOT_FAILED: ReadonlySet<string> = new Set(["Drifted", "Contested", "Suspended"]);
const UNHEALTHY: ReadonlySet<string> = new Set(["Degraded", "HealthTimeout"]);

/** Returns the problems that an app has now. `change`: its current Change, if it is known. */
export function problemsOf(app: OverseerApp, change: KnownChange | undefined): readonly Fact[] {
  if (!isReported(app)) return [];
  const { metadata, status } = app;
  const attempt = status?.change?.name ?? "";
  const make = (topic: Topic, type: Parameters<typeof findCondition>[1], episode: string): readonly Fact[] => {
    const condition = findCondition(status?.conditions, type);
    if (condition === undefined) return [];
    const { reason, message, lastTransitionTime } = condition;
    const key = keyOf([metadata.uid, topic, episode]);
    const time = Date.parse(lastTransitionTime);
    return [{ key, topic, app: `${metadata.namespace}/${metadata.name}`, time, reason, text: message }];
  };
  const ready = findCondition(status?.conditions, "Ready");
  const waiting = findCondition(status?.conditions, "Waiting");
  const isDown = ready?.status === "False" && !NOT_FAILED.has(ready.reason);
  const isWaiting = waiting?.status === "True" && WAITS_FOR_PEOPLE.has(waiting.reason);
  return [
    ...(isDown ? make(UNHEALTHY.has(ready.reason) ? "Degraded" : "Failed", "Ready", attempt) : []),
    ...(isWaiting ? make("WaitingForApproval", "Waiting", `${attempt} ${change?.status?.planHash ?? ""}`) : []),
    ...make("Drifted", "Drifted", findCondition(status?.conditions, "Drifted")?.lastTransitionTime ?? ""),
    ...make("Contested", "Contested", ""),
    ...make("BreakGlass", "BreakGlass", findCondition(status?.conditions, "BreakGlass")?.lastTransitionTime ?? ""),
  ];
}

/** Returns the fact that a Change has ended well; undefined if it has not. */
export function successOf(change: KnownChange): Fact | undefined {
  const { metadata, spec, status } = change;
  if (status?.phase !== "Succeeded" || status.completionTime === undefined) return undefined;
  const topic: Topic = spec.cause === "Rollback" ? "RolledBack" : "Succeeded";
  return {
    key: keyOf([metadata.uid, topic]),
    topic,
    app: `${metadata.namespace}/${spec.app.name}`,
    time: Date.parse(status.completionTime),
    reason: spec.cause ?? "Sync",
    text:
      topic === "RolledBack" ? `Change ${metadata.name} has rolled back the app` : `Change ${metadata.name} is applied`,
  };
}

/**
 * Returns how a reported problem has ended: `recovered`, `over` if there is nothing to recover from (an approval, an app that was deleted
 * or suspended), or undefined while it lasts, or while it is not known.
 */
export function endOf(problem: OpenProblem, app: OverseerApp | undefined): "recovered" | "over" | undefined {
  if (app === undefined || !isReported(app)) return "over";
  const conditions = app.status?.conditions;
  const isReady = findCondition(conditions, "Ready")?.status === "True";
  switch (problem.topic) {
    case "Failed":
    case "Degraded":
      return isReady ? "recovered" : undefined;
    case "Drifted":
    case "Contested":
      if (findCondition(conditions, problem.topic) !== undefined) return undefined;
      return isReady ? "recovered" : undefined;
    case "WaitingForApproval": {
      const waiting = findCondition(conditions, "Waiting");
      return waiting !== undefined && WAITS_FOR_PEOPLE.has(waiting.reason) ? undefined : "over";
    }
    default:
      return findCondition(conditions, "BreakGlass") === undefined ? "over" : undefined;
  }
}

function isReported({ metadata, spec, status }: OverseerApp): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    !isShownSuspended(spec, findCondition(status?.conditions, "Ready")?.reason) &&
    status !== undefined
  );
}

function keyOf(parts: readonly string[]): string {
  return sha256(canonicalJson(parts)).slice(0, 32);
}
