import { canonicalJson } from "../../base/hash.js";
import { isRecord } from "../../manifest/shape.js";
import type { OwnerObject, OwnerRef } from "./owner.js";

/**
 * Returns what the other tool does with the objects right now; undefined if it does nothing. A sync or reconcile that has begun goes on after
 * its object was paused; a failed sync of Argo CD is retried as long as `operation` is set.
 */
export function activityOf({ kind }: OwnerRef, object: OwnerObject): string | undefined {
  const status = object.status ?? {};
  if (kind === "Application") {
    const state = isRecord(status.operationState) ? status.operationState : {};
    const isRunning = state.phase === "Running" || state.phase === "Terminating";
    if (isRunning && typeof state.startedAt === "string") return `a sync has run since ${state.startedAt}`;
    return isRunning || isRecord(object.operation) ? "a sync is under way" : undefined;
  }
  const conditions = Array.isArray(status.conditions) ? (status.conditions as readonly unknown[]) : [];
  const reconciling = conditions
    .filter(isRecord)
    .find(({ type, status: state }) => type === "Reconciling" && state === "True");
  // With ProgressingWithRetry, nothing happens until the next try, which a pause prevents.
  if (reconciling === undefined || reconciling.reason === "ProgressingWithRetry") return undefined;
  return `a reconcile is under way (${String(reconciling.message ?? reconciling.reason)})`;
}

/** What to do about an activity that does not end in time. */
export function endOfActivity({ kind, namespace, name }: OwnerRef): string {
  if (kind === "Application")
    return `Wait for its end, or end it with "argocd app terminate-op ${namespace}/${name}"; then run this again, or go back with --undo`;
  return "Wait for its end, or start its controller if that does not run; then run this again, or go back with --undo";
}

/** Fields of a spec that differ between two states of the object, but for those that pause it. */
export function changedFields({ kind }: OwnerRef, one: OwnerObject, other: OwnerObject): readonly string[] {
  const [before, after] = [settings(kind, one), settings(kind, other)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.filter((name) => canonicalJson(before[name] ?? null) !== canonicalJson(after[name] ?? null));
}

function settings(kind: string, { spec = {} }: OwnerObject): Readonly<Record<string, unknown>> {
  if (kind !== "Application") return { ...spec, suspend: undefined };
  const policy = isRecord(spec.syncPolicy) ? spec.syncPolicy : {};
  const { automated: _, ...others } = policy;
  return { ...spec, syncPolicy: others };
}
