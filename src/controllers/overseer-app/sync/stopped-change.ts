import type { Change } from "../../../api/change.js";
import type { ConditionReason } from "../../../api/reasons.js";
import type { WriteAction } from "../../../plan/actions.js";
import { isNewer } from "../../../plan/change-history.js";
import { flushChange, stageChange, trimHistory } from "../changes/change-record.js";
import type { KnownChange } from "../changes/known-change.js";
import { type ChangeUpdate, failed, type SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { WaveProgress, wholePlan } from "./wave-progress.js";

/** The end of a Change that stopped half-way. */
export type StoppedUpdate = Partial<ChangeUpdate> & {
  readonly stopped: NonNullable<ChangeUpdate["stopped"]>;
  readonly message: string;
};

/**
 * Ends a Change as Failed before all of it was applied. The Change itself is the record: the same inputs are not tried again for
 * this generation of the app, also after a restart, unless a user requests a reconcile or the wave becomes healthy.
 */
export async function stopChange(
  run: AppRun,
  { inputs }: Rendered,
  change: Change,
  end: StoppedUpdate,
  reason: ConditionReason,
): Promise<SyncResult> {
  const { generation: appGeneration } = run.app.metadata;
  run.memory.retry = undefined;
  run.memory.awaited = undefined;
  stageChange(run, change, { ...end, phase: "Failed", appGeneration });
  const ended = await flushChange(run, change);
  await trimHistory(run);
  return report(run, ended, `${inputs.revision}: ${end.message}`, reason);
}

/** Returns the newest Change if it is for these inputs and stopped half-way. */
export function lastStopped(run: AppRun, inputsKey: string): KnownChange | undefined {
  let newest: KnownChange | undefined;
  for (const change of run.services.changes.of(run.key)) {
    if (change.spec.inputs === undefined || change.status?.phase === "Planned") continue;
    if (newest === undefined || isNewer(change, newest)) newest = change;
  }
  return newest?.status?.stopped !== undefined && newest.spec.inputs?.key === inputsKey ? newest : undefined;
}

/**
 * Returns the failure of these inputs again if their Change stopped half-way; undefined if it can continue, because its wave is
 * healthy now. What it has not written is not taken for missing.
 */
export function stoppedResult(run: AppRun, desired: Rendered, writes: readonly WriteAction[]): SyncResult | undefined {
  const change = lastStopped(run, desired.inputs.key);
  const { stopped, message = "", appGeneration } = change?.status ?? {};
  if (change === undefined || stopped === undefined || appGeneration !== run.app.metadata.generation) return undefined;
  if (run.memory.released === change.metadata.uid) return undefined;
  const progress = new WaveProgress(run, desired, wholePlan(change));
  const keys = new Set(writes.map(({ document }) => document.key));
  const barrier = progress.whatIsNotHealthy((key) => keys.has(key));
  if (barrier === undefined || barrier.wave > stopped.wave || barrier.unhealthy.length === 0) return undefined;
  const planned = writes.filter((write) => progress.isPlanned(write));
  run.unwritten = new Set(planned.map(({ document }) => document.key));
  return report(run, change, `${desired.inputs.revision}: ${message}`, "WaveFailed");
}

function report(run: AppRun, change: KnownChange, message: string, reason: ConditionReason): SyncResult {
  run.emitEventOnce("sync", "Warning", reason, "Sync", message);
  return failed({
    stage: "Apply",
    reason,
    message: `Change ${change.metadata.name} failed: ${message}`,
    terminal: true,
  });
}
