import { findCondition } from "../../../api/conditions.js";
import type { AppRun } from "../run.js";
import { fieldsOf, type StatusOutcome } from "./write-status.js";

/** Maximum delay in milliseconds: timers are limited, and clocks are set. */
const MAX_DELAY_MS = 24 * 3_600_000;
/** Time for which drift is shown after a suspension has ended by itself, before it is reverted. */
const SHOWN_MS = 60_000;

/**
 * Returns the milliseconds for which the app only shows what has changed while it was suspended; undefined if it goes on. They begin when the
 * operator first sees that the suspension has ended by itself, so that drift is shown also if the operator was down at that time.
 * The status keeps their beginning over a restart.
 */
export function showsBeforeGoingOn(run: AppRun): number | undefined {
  const { app, memory, services } = run;
  const ready = findCondition(app.status?.conditions, "Ready");
  const shown = findCondition(app.status?.conditions, "Waiting");
  if (app.spec.suspendUntil === undefined) memory.suspensionEndedAt = undefined;
  else if (ready?.reason === "Suspended") memory.suspensionEndedAt ??= services.clock.monotonic();
  else if (shown?.reason === "SuspensionEnded") {
    const shownMs = Math.max(0, services.clock.now() - Date.parse(shown.lastTransitionTime));
    memory.suspensionEndedAt ??= services.clock.monotonic() - shownMs;
  }
  if (memory.suspensionEndedAt === undefined) return undefined;
  const left = memory.suspensionEndedAt + SHOWN_MS - services.clock.monotonic();
  if (left > 0) return left;
  memory.suspensionEndedAt = undefined;
  return undefined;
}

/** Returns the outcome of a suspended app. Its objects, last status and finalizer stay unchanged. */
export function suspendedOutcome(run: AppRun): StatusOutcome {
  // Nothing is waited for while the app is suspended: that time does not count.
  run.memory.outOfDateSince = undefined;
  const ready = findCondition(run.status.conditions, "Ready");
  const status = ready?.status === "True" ? "True" : "False";
  const { suspendReason, suspendUntil } = run.app.spec;
  if (suspendUntil !== undefined)
    run.requeueAfter(Math.min(Date.parse(suspendUntil) - run.services.clock.now(), MAX_DELAY_MS));
  const why = suspendReason ? ` (${suspendReason.trim().replaceAll(/\s+/g, " ")})` : "";
  const message = `suspended${why}: nothing is applied, reverted or deleted until ${suspendUntil ?? "spec.suspend is false"}`;
  return {
    fields: fieldsOf(run.status),
    conditions: [{ type: "Ready", status, reason: "Suspended", message }],
    keep: ["Synced", "Healthy"],
  };
}
