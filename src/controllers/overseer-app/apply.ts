import type { Change } from "../../api/change.js";
import { rfc3339 } from "../../base/clock.js";
import { mapLimit } from "../../base/semaphore.js";
import { applyTier } from "../../manifest/order.js";
import type { PreviewedWrite, WriteAction } from "../../plan/actions.js";
import type { Plan } from "../../plan/plan.js";
import { flushChange, stageChange } from "./change-record.js";
import { holdDeletions, prune } from "./prune.js";
import { Results } from "./results.js";
import { restAfterFailure } from "./retry.js";
import type { AppRun, ChangeUpdate, Rendered } from "./run.js";

/** Writes of one app on their way at once. */
const PARALLEL = 8;
/** How soon to look again for a kind that is about to be served, if no event tells earlier. */
const KIND_RETRY_MS = 1_000;

/**
 * Carries a plan out: writes tier by tier, then what waited for a namespace or kind, then deletions. Stops at the first tier
 * that fails, and between two writes when this process is to end; what is left is planned anew by a later reconcile, of
 * whichever process. `unsettled`: an app that has not looked at the commit yet.
 */
export async function applyPlan(
  run: AppRun,
  desired: Rendered,
  plan: Plan,
  change: Change,
  unsettled: string | undefined,
): Promise<void> {
  const results = new Results(run);
  await writeTiers(run, plan.writes, results);
  if (run.signal.aborted) return leaveOpen(run, change);
  run.services.failpoint("app:after-apply");
  const waiting = results.failed ? [] : await writeDeferred(run, desired, plan.deferred, results);
  if (run.signal.aborted) return leaveOpen(run, change);
  if (!results.failed && waiting.length > 0) {
    run.progress = { state: "pending", message: `${waiting.length} objects wait for their kind to be served` };
    return run.comeBack(KIND_RETRY_MS);
  }
  if (!results.failed && holdDeletions(run, plan, unsettled)) return;
  if (!results.failed) await prune(run, plan.leftovers, results);
  if (run.signal.aborted) return leaveOpen(run, change);
  run.services.failpoint("app:after-prune");
  return results.failed ? applyFailed(run, desired, change, results) : applied(run, change, results);
}

async function writeTiers(run: AppRun, writes: readonly PreviewedWrite[], results: Results): Promise<void> {
  const { destination } = run;
  const { failpoint, observer } = run.services;
  for (const tier of [0, 1, 2, 3]) {
    const now = writes.filter((write) => applyTier(write.action.document.id) === tier);
    await mapLimit(now, PARALLEL, async (write) => {
      if (run.signal.aborted) return;
      const outcome = await destination.write(run.target, write);
      failpoint("app:after-first-write");
      observer.applied(write.verb === "Update" ? "update" : "create", outcome.ok ? "success" : "error");
      results.note(write.action.document.id, outcome, write.action.document.origin);
    });
    if (results.failed || run.signal.aborted) return;
  }
}

/** Looks at what waited for a namespace or kind now that they were made, and writes what is possible. Gives what still waits. */
async function writeDeferred(
  run: AppRun,
  desired: Rendered,
  deferred: readonly WriteAction[],
  results: Results,
): Promise<readonly WriteAction[]> {
  if (deferred.length === 0) return [];
  await run.destination.prepare(desired.kinds);
  const preview = await run.destination.preview(run.target, deferred, desired.documents, run.signal);
  run.services.failpoint("app:after-dry-run");
  for (const { action, message } of preview.refused) {
    results.note(action.document.id, { ok: false, message, retryable: true }, action.document.origin);
  }
  if (!results.failed) await writeTiers(run, preview.accepted, results);
  return preview.deferred;
}

/** Ends this reconcile with the Change as it is, under way: another one finds it, and goes on. */
async function leaveOpen(run: AppRun, change: Change): Promise<never> {
  await flushChange(run, change);
  run.signal.throwIfAborted();
  throw new Error("left without a reason");
}

function applied(run: AppRun, change: Change, results: Results): void {
  run.memory.retry = undefined;
  run.memory.lastTold.delete("sync");
  run.progress = { state: "done" };
  const appliedTime = change.status?.appliedTime ?? rfc3339(run.services.clock.now());
  stageChange(run, change, { phase: "Verifying", appliedTime, ...markedPlan(run, change, results) });
}

function applyFailed(run: AppRun, desired: Rendered, change: Change, results: Results): void {
  const message = results.summary();
  restAfterFailure(run, desired, "ApplyFailed", `${desired.inputs.revision}: ${message}`, results.retryAfterMs());
  stageChange(run, change, { phase: "Applying", message, ...markedPlan(run, change, results) });
}

function markedPlan(run: AppRun, change: Change, results: Results): Pick<ChangeUpdate, "plan"> {
  const plan = results.mark(run.staged?.update.plan ?? change.status?.plan, !results.failed);
  return plan ? { plan } : {};
}
