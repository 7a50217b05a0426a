import type { Change } from "../../../api/change.js";
import type { HookPhase } from "../../../api/hook.js";
import { stageChange } from "../changes/change-record.js";
import type { SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { stopChange } from "../sync/stopped-change.js";
import { ChangeLedger } from "./hook-ledger.js";
import { runHooks } from "./run-hooks.js";

/** The Change as last written, and what it waits for or why it has failed; no result when the hooks are done. */
export interface PhaseResult {
  readonly change: Change;
  readonly result?: SyncResult;
}

/** Runs the hooks of a phase that has to be done before a Change goes on. A failed hook ends the Change. */
export async function runPhase(
  run: AppRun,
  desired: Rendered | undefined,
  change: Change,
  phase: HookPhase,
  last?: number,
): Promise<PhaseResult> {
  const { hooks } = desired ?? {};
  if (desired === undefined || hooks === undefined || !hooks.some(({ spec }) => spec.phases.includes(phase)))
    return { change };
  const ledger = new ChangeLedger(run, change);
  const progress = await runHooks(run, hooks, ledger, phase, last);
  if (progress.state === "failed") {
    const end = { message: progress.message, stopped: { hook: phase } };
    return { change: ledger.change, result: await stopChange(run, desired, ledger.change, end, "HookFailed") };
  }
  if (progress.state === "running") {
    const { message } = progress;
    const current = run.staged?.update.phase ?? ledger.change.status?.phase ?? "Applying";
    stageChange(run, ledger.change, { phase: current, waitingFor: message });
    return { change: ledger.change, result: { progress: { state: "pending", message } } };
  }
  run.services.failpoint("app:after-hooks");
  return { change: ledger.change };
}
