import type { Change } from "../../../api/change.js";
import { findCondition } from "../../../api/conditions.js";
import { hasSameSource } from "../../../api/inputs.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { isShownSuspended } from "../../../api/suspension.js";

/** The Change that an app is rolled back to, or why it is not. */
export type AlertVerdict = { readonly target: Change } | { readonly skip: string };

/**
 * Decides whether an alert that began at `startsAt` (milliseconds since the epoch) rolls an app back: to the newest Change that succeeded
 * with other inputs than those applied now, and only if the alert began after these were applied. So an alert that goes on after a rollback
 * does not cause another one.
 */
export function judgeAlert(app: OverseerApp, changes: readonly Change[], startsAt: number): AlertVerdict {
  const { status, spec, metadata } = app;
  const inputs = status?.applied;
  if (metadata.deletionTimestamp !== undefined) return { skip: "the app is being deleted" };
  if (isShownSuspended(spec, findCondition(status?.conditions, "Ready")?.reason))
    return { skip: "the app is suspended" };
  if (inputs === undefined) return { skip: "nothing is applied" };
  if (status?.pin !== undefined) return { skip: "the app is rolled back already" };
  const isRequested = changes.some(({ spec: { cause }, status: of }) => cause === "Rollback" && !ended(of?.phase));
  if (isRequested) return { skip: "a rollback is requested already" };
  const newest = [...changes].sort((a, b) => timeOf(b) - timeOf(a));
  const applied = newest.find((one) => hasSameSource(one.spec.inputs, inputs) && one.status?.appliedTime !== undefined);
  if (applied === undefined) return { skip: "the Change that applied the current revision is not known any more" };
  if (startsAt < Date.parse(applied.status?.appliedTime ?? ""))
    return { skip: "the alert began before the current revision was applied" };
  const target = newest.find(
    (one) =>
      one.status?.phase === "Succeeded" && one.spec.inputs !== undefined && !hasSameSource(one.spec.inputs, inputs),
  );
  return target === undefined ? { skip: "no earlier Change has succeeded" } : { target };
}

function ended(phase: string | undefined): boolean {
  return ["Succeeded", "Failed", "Rejected", "Superseded", "Planned"].includes(phase ?? "");
}

function timeOf({ status, metadata }: Change): number {
  return Date.parse(status?.completionTime ?? status?.appliedTime ?? metadata.creationTimestamp ?? "") || 0;
}
