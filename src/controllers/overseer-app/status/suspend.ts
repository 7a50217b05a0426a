import { findCondition } from "../../../api/conditions.js";
import type { AppRun } from "../run.js";
import { fieldsOf, type StatusOutcome } from "./write-status.js";

/** Returns the outcome of a suspended app. Its objects, last status and finalizer stay unchanged. */
export function suspendedOutcome(run: AppRun): StatusOutcome {
  // Nothing is waited for while the app is suspended: that time does not count.
  run.memory.outOfDateSince = undefined;
  const ready = findCondition(run.status.conditions, "Ready");
  const status = ready?.status === "True" ? "True" : "False";
  const { suspendReason } = run.app.spec;
  const why = suspendReason ? ` (${suspendReason.trim().replaceAll(/\s+/g, " ")})` : "";
  const message = `suspended${why}: nothing is applied, reverted or deleted until spec.suspend is false`;
  return {
    fields: fieldsOf(run.status),
    conditions: [{ type: "Ready", status, reason: "Suspended", message }],
    keep: ["Synced", "Healthy"],
  };
}
