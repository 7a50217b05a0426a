import type { Change } from "../../../api/change.js";
import { isFinal } from "../../../api/change.js";
import { type Condition, type ConditionType, findCondition } from "../../../api/conditions.js";
import type { GitRepository } from "../../../api/git-repository.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { shortRevision } from "../../../api/short-revision.js";
import { isSuspended } from "../../../api/suspension.js";

/** What keeps an app from being ready, healthy, or at the newest revision. */
export interface Finding {
  /** What it is about: the app, a Change, a gate, an object, the repository. */
  readonly about: string;
  readonly reason: string;
  readonly message: string;
  /** Time since which. */
  readonly since?: string;
  /** Command that shows or solves it. */
  readonly next?: string;
}

/** Everything that the answer is made from. */
export interface Explained {
  readonly app: OverseerApp;
  readonly change?: Change | undefined;
  readonly repository?: GitRepository | undefined;
}

/** Gates that an approval opens. */
const BY_APPROVAL: ReadonlySet<string> = new Set(["deletions", "manual", "approval"]);

/** Conditions that are findings while True. */
const ABNORMAL: readonly ConditionType[] = [
  "Stalled",
  "Waiting",
  "Drifted",
  "Contested",
  "Limited",
  "Paused",
  "Pinned",
  "Terminating",
  "BackupFailed",
];

/**
 * Explains why an app is not ready, not healthy, or not at the newest revision, the causes first: repository, app, its Change with its
 * gates and refusals, unhealthy objects. Empty if nothing is wrong.
 */
export function explain({ app, change, repository }: Explained): Finding[] {
  const findings = [...ofRepository(repository), ...ofApp(app), ...ofChange(change), ...ofObjects(app)];
  // Several conditions may have the message of one cause.
  return findings.filter(({ message }, index) => !findings.slice(0, index).some((other) => other.message === message));
}

function ofRepository(repository: GitRepository | undefined): Finding[] {
  if (repository === undefined) return [];
  const ready = findCondition(repository.status?.conditions, "Ready");
  if (ready === undefined || ready.status === "True") return [];
  return [
    finding(
      `GitRepository ${repository.metadata.name}`,
      ready,
      `overseer describe repository/${repository.metadata.namespace}/${repository.metadata.name}`,
    ),
  ];
}

function ofApp({ metadata, spec, status }: OverseerApp): Finding[] {
  const about = `OverseerApp ${metadata.name}`;
  const name = `${metadata.namespace}/${metadata.name}`;
  if (status?.conditions === undefined)
    return [
      { about, reason: "NotSeen", message: "the operator has not reconciled the app yet", next: "overseer doctor" },
    ];
  const failing = (["Ready", "Synced", "Healthy"] as const).flatMap((type) => {
    const condition = findCondition(status.conditions, type);
    return condition === undefined || condition.status === "True" || condition.reason === "Suspended"
      ? []
      : [finding(about, condition)];
  });
  const abnormal = ABNORMAL.flatMap((type) => {
    const condition = findCondition(status.conditions, type);
    return condition?.status === "True" ? [finding(about, condition, nextOf(type, name))] : [];
  });
  const retry = status.nextRetryTime;
  const retries =
    retry === undefined
      ? []
      : [
          {
            about,
            reason: "Retry",
            message: `the operator tries again at ${retry}, after ${status.failures ?? 1} failures`,
            next: `overseer sync ${name}`,
          },
        ];
  return [
    ...suspension({ about, name, spec, ready: findCondition(status.conditions, "Ready") }),
    ...failing,
    ...abnormal,
    ...retries,
  ];
}

/** A suspended app keeps its conditions: Ready stays True. */
function suspension({
  about,
  name,
  spec,
  ready,
}: {
  readonly about: string;
  readonly name: string;
  readonly spec: OverseerApp["spec"];
  readonly ready: Condition | undefined;
}): Finding[] {
  if (!isSuspended(spec, Date.now())) return [];
  const message = `nothing is applied, reverted or deleted: suspended ${spec.suspendReason ?? "without a reason"}${spec.suspendUntil === undefined ? "" : `, until ${spec.suspendUntil}`}`;
  const since = ready?.reason === "Suspended" ? { since: ready.lastTransitionTime } : {};
  return [{ about, reason: "Suspended", message, ...since, next: `overseer resume ${name}` }];
}

function nextOf(type: ConditionType, name: string): string | undefined {
  if (type === "Drifted") return `overseer diff ${name}`;
  if (type === "Pinned") return `overseer sync ${name}`;
  return undefined;
}

function ofChange(change: Change | undefined): Finding[] {
  const { metadata, status } = change ?? {};
  if (
    metadata === undefined ||
    status === undefined ||
    (isFinal(status.phase) && status.phase !== "Failed" && status.phase !== "Rejected")
  )
    return [];
  const about = `Change ${metadata.name}`;
  const name = `${metadata.namespace}/${metadata.name}`;
  const gates = (status.gates ?? [])
    .filter(({ state }) => state !== "Pass")
    .map(({ name: gate, state, message, since }) => ({
      about: `${about}, gate ${gate}`,
      reason: state === "Fail" ? "GateFailed" : "GateWaits",
      message,
      ...(since === undefined ? {} : { since }),
      ...(BY_APPROVAL.has(gate) ? { next: `overseer approve change/${name}` } : {}),
    }));
  const refusals = (status.refusals ?? []).map(({ object, origin, message }) => ({
    about: `${about}, ${object}`,
    reason: "Refused",
    message: origin === undefined ? message : `${origin}: ${message}`,
  }));
  const failed = (status.plan ?? [])
    .filter(({ result }) => result === "Failed")
    .map(({ object, error }) => ({
      about: `${about}, ${object}`,
      reason: "WriteFailed",
      message: error ?? "no message",
    }));
  const hooks = (status.hooks ?? [])
    .filter(({ state }) => state === "Failed")
    .map(({ object, phase, message }) => ({
      about: `${about}, hook ${object}`,
      reason: `${phase}Failed`,
      message: message ?? "no message",
    }));
  return [...gates, ...refusals, ...failed, ...hooks];
}

function ofObjects({ metadata, status }: OverseerApp): Finding[] {
  return (status?.problems ?? []).map(({ object, message }) => ({
    about: object,
    reason: "Unhealthy",
    message,
    ...(/^(Deployment|StatefulSet|DaemonSet|Job|Pod) /.test(object)
      ? { next: `overseer logs ${metadata.namespace}/${metadata.name}` }
      : {}),
  }));
}

function finding(about: string, { reason, message, lastTransitionTime }: Condition, next?: string): Finding {
  return {
    about,
    reason,
    message: shortRevision(message, 12),
    since: lastTransitionTime,
    ...(next === undefined ? {} : { next }),
  };
}
