import type { ConditionDraft } from "../../../api/conditions.js";
import { requestedAt } from "../../requested-at.js";
import type { AppRun } from "../run.js";

/** Time in milliseconds until the app is reconciled again, if nothing does it earlier. */
const CHECK_MS = 5_000;
/** Maximum age in milliseconds of a status that says `Applying` although everything is applied. */
const MAX_AGE_MS = 10_000;

/**
 * Reports whether the status need not be written yet: it says that the inputs are being applied, the new one would say that their
 * objects become healthy, and other apps wait for a worker. Most apps are healthy before the status would tell anything else.
 * Nothing is lost by a crash, since this part of the status is computed from the live objects at each reconcile.
 */
export function holdsProgress(run: AppRun, conditions: readonly ConditionDraft[]): boolean {
  const { services, memory, app } = run;
  const current = services.apps.get(run.key) ?? app;
  const requested = requestedAt(app.metadata);
  const held =
    services.busy() &&
    isProgress(conditions) &&
    isApplying(current.status?.conditions) &&
    current.status?.observedGeneration === app.metadata.generation &&
    current.status?.applied?.key === run.status.applied?.key &&
    (requested === undefined || requested === current.status?.lastHandledReconcileAt);
  if (!held) {
    memory.progressHeldSince = undefined;
    return false;
  }
  const now = services.clock.monotonic();
  memory.progressHeldSince ??= now;
  if (now - memory.progressHeldSince >= MAX_AGE_MS) return false;
  run.requeueAfter(CHECK_MS);
  return true;
}

/** Reports whether everything is applied, nothing is wrong, and only the health of the objects is awaited. */
function isProgress(conditions: readonly ConditionDraft[]): boolean {
  return conditions.every(({ type, status, reason }) => {
    if (type === "Ready") return status === "Unknown" && reason === "Progressing";
    if (type === "Synced") return status === "True";
    return type === "Reconciling" || (type === "Healthy" && status === "Unknown");
  });
}

function isApplying(conditions: readonly { readonly type: string; readonly reason: string }[] = []): boolean {
  return conditions.some(({ type, reason }) => type === "Ready" && reason === "Applying");
}
