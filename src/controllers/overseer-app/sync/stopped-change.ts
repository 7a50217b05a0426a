import type { Change } from "../../../api/change.js";
import { cutMessage } from "../../../api/conditions.js";
import { hasSameSource, type InputKeys } from "../../../api/inputs.js";
import type { ConditionReason } from "../../../api/reasons.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { WriteAction } from "../../../plan/actions.js";
import { isNewer } from "../../../plan/change-history.js";
import { flushChange, stageChange, trimHistory } from "../changes/change-record.js";
import type { KnownChange } from "../changes/known-change.js";
import { ChangeLedger } from "../hooks/hook-ledger.js";
import { runHooks } from "../hooks/run-hooks.js";
import { type ChangeUpdate, failed, type SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { nameOf, unwrittenOf, WaveProgress, wholePlan } from "./wave-progress.js";

/** The end of a Change that stopped half-way. */
export type StoppedUpdate = Partial<ChangeUpdate> & { readonly message: string };

/** Reasons for which a Change ends as Failed. */
type FailureReason = NonNullable<ChangeUpdate["failure"]>["reason"];

/**
 * Ends a Change as Failed before all of it was applied, after its SyncFail hooks. The Change itself is the record: the same inputs
 * are not tried again for this generation of the app, also after a restart, unless a user requests a reconcile or the wave becomes
 * healthy.
 */
export async function stopChange(
  run: AppRun,
  desired: Rendered,
  change: Change,
  end: StoppedUpdate,
  reason: FailureReason,
): Promise<SyncResult> {
  run.memory.retry = undefined;
  run.memory.awaited = undefined;
  const hooks = desired.hooks?.filter(({ spec }) => spec.phases.includes("SyncFail")) ?? [];
  let current = change;
  let { message } = end;
  if (hooks.length > 0) {
    const failure = { reason, message: cutMessage(message) };
    stageChange(run, change, { ...end, phase: "Applying", failure });
    const ledger = new ChangeLedger(run, await flushChange(run, change));
    const progress = await runHooks(run, hooks, ledger, "SyncFail");
    current = ledger.change;
    if (progress.state === "running") {
      const waitingFor = `${message}; ${progress.message}`;
      stageChange(run, current, { phase: "Applying", waitingFor });
      return { progress: { state: "pending", message: waitingFor } };
    }
    if (progress.state === "failed") message = `${message}; ${progress.message}`;
  }
  const { generation: appGeneration } = run.app.metadata;
  stageChange(run, current, { ...end, message, phase: "Failed", appGeneration });
  current = await flushChange(run, current);
  if (run.app.spec.health.rollbackOnFailure) run.requeueAfter(0);
  await trimHistory(run);
  return report(run, current, `${desired.inputs.revision}: ${message}`, reason);
}

/** Continues to end a Change whose SyncFail hooks are running; undefined for other Changes. */
export async function continueFailing(run: AppRun, desired: Rendered, change: Change): Promise<SyncResult | undefined> {
  const { failure, stopped, wave } = change.status ?? {};
  if (failure === undefined) return undefined;
  const end = { message: failure.message, ...(stopped ? { stopped } : {}), ...(wave ? { wave } : {}) };
  return stopChange(run, desired, change, end, failure.reason);
}

/**
 * Returns the newest Change if it is for these inputs and stopped half-way. Those that only plan, requests that never got inputs, and the
 * Change `ignored` do not count.
 */
export function lastStopped(run: AppRun, inputs: InputKeys, ignored?: Change): KnownChange | undefined {
  const newest = newestChange(run, ({ metadata }) => metadata.uid !== ignored?.metadata.uid);
  return newest?.status?.stopped !== undefined && hasSameSource(newest.spec.inputs, inputs) ? newest : undefined;
}

function newestChange(run: AppRun, counts: (change: KnownChange) => boolean): KnownChange | undefined {
  let newest: KnownChange | undefined;
  for (const change of run.services.changes.of(run.key)) {
    const { inputs, cause } = change.spec;
    if (inputs === undefined || cause === "Drift" || change.status?.phase === "Planned" || !counts(change)) continue;
    if (newest === undefined || isNewer(change, newest)) newest = change;
  }
  return newest;
}

/**
 * Returns the applied documents that their Change has not written, because it stopped, or newer inputs superseded it, before their
 * wave: self-heal does not create them. Undefined if newer inputs are not in between.
 */
export function notWritten(run: AppRun): ReadonlySet<ObjectKey> | undefined {
  const { applied } = run.status;
  if (run.applied === undefined || applied === undefined || applied.key === run.desired?.inputs.key) return undefined;
  const change = newestChange(run, ({ spec }) => hasSameSource(spec.inputs, applied));
  const { phase, stopped, wave } = change?.status ?? {};
  const isHalf = stopped !== undefined || (phase === "Superseded" && wave !== undefined);
  const plan = change !== undefined && isHalf ? wholePlan(change) : undefined;
  if (plan === undefined) return undefined;
  const names = unwrittenOf(plan);
  return new Set(run.applied.documents.filter((document) => names.has(nameOf(document))).map(({ key }) => key));
}

/**
 * Returns the failure of these inputs again if their Change stopped half-way; undefined if it can continue, because its wave is
 * healthy now. What it has not written is not taken for missing.
 */
export function stoppedResult(run: AppRun, desired: Rendered, writes: readonly WriteAction[]): SyncResult | undefined {
  const change = lastStopped(run, desired.inputs);
  const { stopped, message = "", appGeneration } = change?.status ?? {};
  if (change === undefined || stopped === undefined || appGeneration !== run.app.metadata.generation) return undefined;
  if (run.memory.released === change.metadata.uid) return undefined;
  const progress = new WaveProgress(run, desired, wholePlan(change), change.status?.hooks);
  const keys = new Set(writes.map(({ document }) => document.key));
  if (stopped.wave !== undefined) {
    const barrier = progress.whatIsNotHealthy((key) => keys.has(key));
    if (barrier === undefined || barrier.wave > stopped.wave || barrier.unhealthy.length === 0) return undefined;
  }
  if (run.status.applied?.key === desired.inputs.key) {
    const planned = writes.filter((write) => progress.isPlanned(write));
    run.unwritten = new Set(planned.map(({ document }) => document.key));
  }
  const reason = stopped.hook === undefined ? "WaveFailed" : "HookFailed";
  return report(run, change, `${desired.inputs.revision}: ${message}`, reason);
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
