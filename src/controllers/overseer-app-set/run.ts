import type { OverseerAppSet, OverseerAppSetStatus } from "../../api/app-set.js";
import { MAX_NAMES } from "../../api/app-set.js";
import { columnMessage } from "../../api/column-message.js";
import { findCondition, mergeConditions } from "../../api/conditions.js";
import type { FailedTries } from "../../base/backoff.js";
import { rfc3339 } from "../../base/clock.js";
import { requestedAt } from "../requested-at.js";
import { type SetOutcome, setConditions } from "./conditions.js";
import type { GitCache } from "./generators/read-git.js";
import type { AppSetServices } from "./services.js";

/** What is known about a set between reconciles. Can be lost without harm. */
export class SetMemory {
  readonly gitCache: GitCache = new Map();
  /** Monotonic time since which a first result of a generator is awaited. */
  awaitedSince: number | undefined;
  failed: FailedTries | undefined;
  /** Digest of the plan that was dry-run last without a rejection. */
  previewed: string | undefined;
}

/** Names of apps that one reconcile has written. */
export interface Written {
  readonly created: string[];
  readonly updated: string[];
  readonly deleted: string[];
}

/** Fields of the status that phases determine. */
export type SetFields = Pick<OverseerAppSetStatus, "counts" | "plan" | "kept">;

/** One reconcile of a set. */
export interface SetRun {
  readonly services: AppSetServices;
  readonly set: OverseerAppSet;
  readonly key: string;
  readonly memory: SetMemory;
  readonly signal: AbortSignal;
  readonly written: Written;
}

/** Returns the names as a status holds them: sorted, and limited. */
export function listed(names: readonly string[]): string[] {
  return [...names].sort().slice(0, MAX_NAMES);
}

/** Writes the status of a set, if it changed. */
export async function recordSet(run: SetRun, outcome: SetOutcome, fields: SetFields): Promise<void> {
  const { services, set, key, written } = run;
  const { clock, sets, status: writer, observer, failpoint } = services;
  const current = sets.get(key) ?? set;
  const before = current.status ?? {};
  const { generation } = set.metadata;
  const conditions = mergeConditions(before.conditions ?? [], setConditions(outcome), generation, rfc3339(clock.now()));
  const requested = requestedAt(set.metadata);
  const next: OverseerAppSetStatus = {
    ...fields,
    observedGeneration: generation,
    conditions,
    message: columnMessage(conditions, undefined),
    ...lastWriteOf(run, written),
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
  };
  failpoint("app-set:before-status");
  emitProblem(run, outcome);
  const result = await writer.write(sets.resource, current, next);
  if (result !== undefined && result !== current) sets.note(result as OverseerAppSet);
  observer.state(set, next);
}

function lastWriteOf(
  { services: { clock }, set }: SetRun,
  { created, updated, deleted }: Written,
): Pick<OverseerAppSetStatus, "lastWrite"> {
  if (created.length + updated.length + deleted.length === 0) {
    const { lastWrite } = set.status ?? {};
    return lastWrite === undefined ? {} : { lastWrite };
  }
  return {
    lastWrite: {
      time: rfc3339(clock.now()),
      ...(created.length > 0 ? { created: listed(created) } : {}),
      ...(updated.length > 0 ? { updated: listed(updated) } : {}),
      ...(deleted.length > 0 ? { deleted: listed(deleted) } : {}),
    },
  };
}

/** Emits an Event about a problem once, when it appears. */
function emitProblem(run: SetRun, outcome: SetOutcome): void {
  if (outcome.kind !== "failed" && outcome.kind !== "held") return;
  const { reason, message } = outcome.cause;
  const ready = findCondition((run.services.sets.get(run.key) ?? run.set).status?.conditions, "Ready");
  if (ready?.reason === reason && ready.message === message) return;
  emit(run, "Warning", reason, outcome.kind === "held" ? "Wait" : "Reconcile", message);
}

/** Emits an Event about the set. */
export function emit(run: SetRun, type: "Normal" | "Warning", reason: string, action: string, message: string): void {
  const { apiVersion, kind, metadata } = run.set;
  const { namespace, name, uid } = metadata;
  run.services.events.record({ apiVersion, kind, namespace, name, uid }, { type, reason, action, message });
}
