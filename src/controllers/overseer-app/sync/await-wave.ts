import type { Change } from "../../../api/change.js";
import { rfc3339 } from "../../../base/clock.js";
import { parseDuration } from "../../../base/duration.js";
import type { WriteAction } from "../../../plan/actions.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";
import { type Barrier, describeUnhealthy } from "../../../plan/waves.js";
import { stageChange } from "../changes/change-record.js";
import { runPhase } from "../hooks/sync-phases.js";
import type { ChangeUpdate, SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { elapsedSince } from "./change-timer.js";
import { stopChange } from "./stopped-change.js";
import { WaveProgress, wholePlan } from "./wave-progress.js";

/**
 * Returns what a started Change waits for if all that is left to be written belongs to later waves; undefined if something can be
 * written or deleted now. Needs no request: each event on an object of the wave enqueues the app.
 */
export async function stillAwaitsWave(
  run: AppRun,
  desired: Rendered,
  change: Change,
  writes: readonly WriteAction[],
): Promise<SyncResult | undefined> {
  if (writes.length === 0) return undefined;
  const progress = new WaveProgress(run, desired, wholePlan(change));
  const keys = new Set(writes.map(({ document }) => document.key));
  const barrier = progress.barrier((key) => keys.has(key));
  const later = writes.filter((write) => progress.isLater(write, barrier));
  // Writes that were not planned revert drift: that does not wait for waves, and is not done by the Change.
  const due = writes.some((write) => progress.isPlanned(write) && !progress.isLater(write, barrier));
  if (barrier === undefined || barrier.unwritten || due) return undefined;
  run.unwritten = new Set(later.map(({ document }) => document.key));
  return awaitWave(run, desired, change, barrier);
}

/** What waits for a wave: the start of a message while it waits, and of one after it was given up. */
interface Rest {
  readonly waits: string;
  readonly omitted: string;
}
const LATER_WAVES: Rest = { waits: "later waves wait", omitted: "later waves were not applied" };
/** Sync hooks of later waves. */
export const SYNC_HOOKS: Rest = { waits: "Sync hooks wait", omitted: "later Sync hooks were not run" };
/** Deletions at the end of a Change. */
export const DELETIONS: Rest = { waits: "deletions wait", omitted: "objects that left Git were not deleted" };

/**
 * Lets a Change wait until a wave is healthy, and ends it as Failed when an object has failed for good or `health.timeout` has
 * passed since the wave was written.
 */
export async function awaitWave(
  run: AppRun,
  desired: Rendered,
  change: Change,
  barrier: Barrier,
  update: Partial<ChangeUpdate> = {},
  rest: Rest = LATER_WAVES,
): Promise<SyncResult> {
  const { timeout } = run.app.spec.health;
  if (update.plan) stageChange(run, change, { ...update, phase: "Applying" });
  const hooks = await runPhase(run, desired, change, "Sync", barrier.wave);
  if (hooks.result?.problem) return hooks.result;
  if (barrier.unhealthy.length === 0 && !barrier.unwritten) {
    // The hooks of this wave are done: the next one follows.
    if (!hooks.result) run.requeueAfter(0);
    return (
      hooks.result ?? { progress: { state: "pending", message: `the hooks of wave ${barrier.wave} have succeeded` } }
    );
  }
  const known = change.status?.wave?.number === barrier.wave ? change.status.wave.since : undefined;
  const elapsed = elapsedSince(run, change, `wave ${barrier.wave}`, known);
  const left = (parseDuration(timeout) ?? 0) - elapsed;
  const since = known ?? rfc3339(run.services.clock.now());
  const wave = { number: barrier.wave, since };
  if (barrier.final !== undefined || left <= 0) {
    const why = barrier.final ?? `not healthy after ${timeout}: ${describeUnhealthy(barrier)}`;
    const message = `wave ${barrier.wave} failed, and ${rest.omitted}: ${why}`;
    return stopChange(
      run,
      desired,
      hooks.change,
      { ...update, wave, stopped: { wave: barrier.wave }, message },
      "WaveFailed",
    );
  }
  run.requeueAfter(left);
  const what = barrier.unhealthy.length === 0 ? "some objects are not written yet" : describeUnhealthy(barrier);
  const message = `${rest.waits} until wave ${barrier.wave} is healthy: ${what}`;
  stageChange(run, hooks.change, { ...update, phase: "Applying", waitingFor: message, wave });
  return { progress: { state: "pending", message } };
}

/** Returns what deletions wait for: with waves or `PruneLast`, they follow when everything else is healthy. */
export function barrierOfDeletions(progress: WaveProgress, decisions: readonly PruneDecision[]): Barrier | undefined {
  const deletes = decisions.filter(({ verb }) => verb === "Delete");
  const usesWaves = progress.waves.size > 0 || deletes.some(({ live }) => (live.wave ?? 0) !== 0 || live.pruneLast);
  return deletes.length > 0 && usesWaves ? progress.whatIsNotHealthy() : undefined;
}
