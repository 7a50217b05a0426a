import type { HookRun } from "../../../api/hook.js";
import { isSuspended } from "../../../api/suspension.js";
import { OverseerError } from "../../../base/errors.js";
import type { Hook } from "../../../manifest/hook.js";
import type { LiveObject } from "../../../plan/live.js";
import { requestedAt } from "../../requested-at.js";
import { DeletionLedger } from "../hooks/hook-ledger.js";
import { runHooks } from "../hooks/run-hooks.js";
import type { AppRun } from "../run.js";
import { renderEarlier } from "../source/render.js";
import type { DeletionPhase } from "./deletion-status.js";

const SKIP = "set deletionHooks: Skip to delete the app without them";

/** Reports whether hooks of a phase are still to be run. */
export function isDue(
  { app, status, services }: Pick<AppRun, "app" | "status" | "services">,
  phase: DeletionPhase,
): boolean {
  const { deletionPolicy, deletionHooks } = app.spec;
  if (deletionPolicy === "Orphan" || deletionHooks === "Skip" || isSuspended(app.spec, services.clock.now()))
    return false;
  return status.deletion?.phases.includes(phase) === true;
}

/** Reports whether an object belongs to a hook that runs after everything else is deleted. */
export function isPostDeleteHook(run: Pick<AppRun, "ref">, { hook }: LiveObject): boolean {
  return hook?.startsWith(run.ref.uid) === true && hook.endsWith("/PostDelete");
}

/**
 * Runs the hooks of a phase, from the applied revision: a newer one may not have passed its gates. Returns what the deletion waits for;
 * undefined when they have succeeded or there are none. A failed hook holds the deletion until a user requests a reconcile.
 */
export async function runDeletionHooks(run: AppRun, phase: DeletionPhase): Promise<string | undefined> {
  if (!isDue(run, phase)) return undefined;
  retryOnRequest(run);
  const hooks = await hooksOf(run);
  if (typeof hooks === "string") return `the ${phase} hooks cannot be run: ${hooks}; ${SKIP}`;
  const ledger = new DeletionLedger(run);
  const progress = await runHooks(run, hooks, ledger, phase);
  if (progress.state === "running") return progress.message;
  if (progress.state === "failed" && run.status.lastHandledReconcileAt !== requestedAt(run.app.metadata))
    return `${progress.message}; it runs again when the other ${phase} hooks have ended`;
  if (progress.state === "failed") return `${progress.message}; request a reconcile to run it again, or ${SKIP}`;
  const { deletion } = run.status;
  if (deletion) {
    const phases = deletion.phases.filter((one) => one !== phase);
    run.status = { ...run.status, deletion: { ...deletion, phases } };
    await ledger.flush();
  }
  return undefined;
}

/** Returns the hooks of the applied revision, or why they are not known. */
async function hooksOf(run: AppRun): Promise<readonly Hook[] | string> {
  const { applied } = run.status;
  if (applied === undefined) return [];
  try {
    const rendered = await renderEarlier(run, applied);
    return rendered === undefined ? `${applied.revision} cannot be read (yet)` : (rendered.hooks ?? []);
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return `${applied.revision}: ${error.message}`;
  }
}

/** Forgets failed runs when a user requests a reconcile: the next attempt has objects of its own. */
function retryOnRequest(run: AppRun): void {
  const requested = requestedAt(run.app.metadata);
  if (requested === undefined || requested === run.status.lastHandledReconcileAt) return;
  const { deletion } = run.status;
  const hooks: readonly HookRun[] = deletion?.hooks ?? [];
  const left = hooks.filter(({ state }) => state !== "Failed");
  // The next attempt would repeat hooks that are still at work.
  if (left.length < hooks.length && hooks.some(({ state }) => state === "Running")) return;
  run.status = { ...run.status, lastHandledReconcileAt: requested };
  if (deletion === undefined || left.length === hooks.length) return;
  run.status = { ...run.status, deletion: { ...deletion, hooks: [...left], attempt: (deletion.attempt ?? 0) + 1 } };
}
