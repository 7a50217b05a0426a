import type { Change } from "../../../api/change.js";
import { isSettled } from "../../../api/overseer-app.js";
import { rfc3339 } from "../../../base/clock.js";
import { displayId, type ObjectKey } from "../../../manifest/object-id.js";
import type { DeferredWrite } from "../../../plan/actions.js";
import type { Plan } from "../../../plan/plan.js";
import { auditStart } from "../audit.js";
import { flushChange, stageChange } from "../changes/change-record.js";
import { holdDeletions, prune } from "../deletion/prune.js";
import { describeUndeleted, pruneByWaves } from "../deletion/prune-waves.js";
import { observeApp } from "../observe.js";
import { type ChangeUpdate, DONE, type SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { awaitWave, barrierOfDeletions, DELETIONS, SYNC_HOOKS } from "./await-wave.js";
import { areWritesObserved, awaitWrites } from "./awaited-writes.js";
import { awaitedDeletions } from "./lifting-deletions.js";
import { Results } from "./results.js";
import { backOffAfterFailure } from "./retry.js";
import { WaveProgress, wholePlan } from "./wave-progress.js";
import { type Remaining, writeInOrder } from "./write-in-order.js";

/** Delay until a Change continues after a deletion that writes wait for. */
const AFTER_DELETION_MS = 250;

/** Facts that decide about the deletions of a plan. */
export interface DeletionFacts {
  /** Objects already transferred to other apps. */
  readonly transferred: ReadonlySet<ObjectKey>;
  /** Apps that have not processed the commit yet. */
  readonly behind: readonly string[];
  /** Why nothing may be deleted now, if so. */
  readonly refusal: string | undefined;
}

/**
 * Executes a plan: writes in order, then deletions. Writes that are not possible yet are left to a later reconcile, which
 * plans them again.
 */
export async function applyPlan(
  run: AppRun,
  desired: Rendered,
  plan: Plan,
  change: Change,
  deletions: DeletionFacts,
): Promise<SyncResult> {
  const results = new Results(run);
  const recorded = { status: { ...change.status, ...run.staged?.update } };
  const progress = new WaveProgress(run, desired, wholePlan(recorded));
  await auditStart(run, change);
  const remaining = await writeInOrder(run, desired, plan, results, progress, recorded);
  if (run.signal.aborted) return leaveOpen(run, change);
  run.services.failpoint("app:after-apply");
  const blocked = await deleteBlockers(run, plan, change, remaining, deletions, results);
  if (blocked) return blocked;
  const stuck = recordStuck(run, remaining, results);
  const waiting = stuck ? undefined : await waitForWrites(run, desired, change, remaining, results);
  if (waiting) return waiting;
  const hooksLeft = !results.failed && progress.hookWave() !== undefined ? progress.whatIsNotHealthy() : undefined;
  if (hooksLeft) return awaitWave(run, desired, change, hooksLeft, markedPlan(run, change, results, false), SYNC_HOOKS);
  if (!results.failed && deletions.refusal !== undefined) return pruneRefused(run, desired, change, deletions.refusal);
  const left = plan.pruneCandidates.filter(({ live }) => !deletions.transferred.has(live.key));
  const hold = results.failed ? undefined : holdDeletions(run, left, deletions.behind);
  if (hold !== undefined) return waitFor(run, change, hold);
  const unhealthy = results.failed ? undefined : barrierOfDeletions(progress, left);
  if (unhealthy) return awaitWave(run, desired, change, unhealthy, markedPlan(run, change, results, false), DELETIONS);
  const undeleted = results.failed ? [] : await pruneByWaves(run, left, results);
  if (run.signal.aborted) return leaveOpen(run, change);
  run.services.failpoint("app:after-prune");
  if (!results.failed && undeleted.length > 0) return waitFor(run, change, describeUndeleted(undeleted));
  return results.failed ? applyFailed(run, desired, change, results) : applied(run, change, results);
}

/** Deletes objects that block pending writes. Returns what the Change waits for then; undefined if there are none. */
async function deleteBlockers(
  run: AppRun,
  plan: Plan,
  change: Change,
  { waiting }: Remaining,
  { behind, refusal }: DeletionFacts,
  results: Results,
): Promise<SyncResult | undefined> {
  const awaited = results.failed || refusal !== undefined ? [] : awaitedDeletions(plan.pruneCandidates, waiting);
  if (awaited.length === 0) return undefined;
  const hold = holdDeletions(run, awaited, behind);
  if (hold === undefined) {
    await prune(run, awaited, results);
    if (results.failed) return undefined;
    run.memory.lastWrite = run.services.clock.monotonic();
    run.requeueAfter(AFTER_DELETION_MS);
  }
  const deleted = awaited.map(({ live }) => displayId(live.id)).join(", ");
  return waitFor(run, change, hold ?? `checking the remaining writes again after the deletion of ${deleted}`);
}

/**
 * Records as failures the writes that the destination still refuses after everything that could lift the refusal was written
 * and observed. Reports whether anything failed.
 */
function recordStuck(run: AppRun, { waiting, held, unwritten }: Remaining, results: Results): boolean {
  if (areWritesObserved(run) || results.failed) {
    const mayFollow = ({ liftedBy }: DeferredWrite): boolean => held.length > 0 && liftedBy.some(unwritten);
    for (const one of waiting) {
      if (mayFollow(one)) continue;
      const { document } = one.action;
      results.note(document.id, { ok: false, message: one.message, retryable: true }, document.origin);
    }
  }
  return results.failed;
}

/** Returns what remaining writes wait for, if nothing failed: the Change continues when their prerequisites exist. */
async function waitForWrites(
  run: AppRun,
  desired: Rendered,
  change: Change,
  remaining: Remaining,
  results: Results,
): Promise<SyncResult | undefined> {
  const { waiting, held, barrier } = remaining;
  const isBlocked = waiting.length > 0 || held.length > 0;
  if (!isBlocked && barrier === undefined) return undefined;
  const plan = markedPlan(run, change, results, false);
  if (!isBlocked && barrier) return awaitWave(run, desired, change, barrier, plan);
  const message = awaitWrites(run, remaining);
  stageChange(run, change, { phase: "Applying", waitingFor: message, ...plan });
  return { progress: { state: "pending", message } };
}

/** Records in the Change what the remaining work waits for. */
export function waitFor(run: AppRun, change: Change, message: string): SyncResult {
  stageChange(run, change, { phase: "Applying", waitingFor: message });
  return { progress: { state: "pending", message } };
}

/** Ends this reconcile with the Change in progress; the next one continues. */
async function leaveOpen(run: AppRun, change: Change): Promise<never> {
  await flushChange(run, change);
  run.signal.throwIfAborted();
  throw new Error("aborted without a reason");
}

function applied(run: AppRun, change: Change, results: Results): SyncResult {
  run.memory.retry = undefined;
  run.memory.transferred = undefined;
  run.memory.awaited = undefined;
  run.memory.heldSince = undefined;
  run.memory.lastEmitted.delete("sync");
  const appliedTime = change.status?.appliedTime ?? rfc3339(run.services.clock.now());
  stageChange(run, change, { phase: "Verifying", appliedTime, ...markedPlan(run, change, results) });
  return DONE;
}

function applyFailed(run: AppRun, desired: Rendered, change: Change, results: Results): SyncResult {
  const plan = markedPlan(run, change, results);
  const message = `${results.summary()} (${results.progress(plan.plan)})`;
  const full = `${desired.inputs.revision}: ${message}`;
  const result = backOffAfterFailure(run, desired, "ApplyFailed", full, results.retryAfterMs());
  awaitHealth(run, desired);
  stageChange(run, change, { phase: "Applying", message, ...plan });
  return result;
}

/** Handles a refused prune after all writes succeeded. */
function pruneRefused(run: AppRun, desired: Rendered, change: Change, message: string): SyncResult {
  run.services.observer.pruneRefused("PruneRefused");
  stageChange(run, change, { phase: "Applying", message });
  return backOffAfterFailure(run, desired, "PruneRefused", `${desired.inputs.revision}: ${message}`);
}

/** Remembers unhealthy objects: they may have caused the refusal, so the Change is retried as soon as one becomes healthy. */
function awaitHealth(run: AppRun, { documents }: Rendered): void {
  const { objects } = observeApp(run);
  const unhealthy = documents.filter(({ key }) => !isSettled(objects.get(key)?.health.status)).map(({ key }) => key);
  if (run.memory.retry) run.memory.retry = { ...run.memory.retry, unhealthy };
}

function markedPlan(
  run: AppRun,
  change: Change,
  results: Results,
  complete = !results.failed,
): Pick<ChangeUpdate, "plan"> {
  const plan = results.mark(run.staged?.update.plan ?? change.status?.plan, complete);
  return plan ? { plan } : {};
}
