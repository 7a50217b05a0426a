import type { Change, ChangeStatus, GateState } from "../../../api/change.js";
import type { GateResult } from "../../../gates/judge.js";
import { recordChange, trimHistory } from "../changes/change-record.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { statesOf } from "./judge-change.js";

/** Returns the results of the gates that failed. */
export function failedGates(results: readonly GateResult[]): GateResult[] {
  return results.filter(({ state }) => state.state === "Fail");
}

/** Ends a Change in phase Rejected, because a gate has failed. Nothing is written. */
export async function reject(
  run: AppRun,
  change: Change,
  results: readonly GateResult[],
  plan: Partial<ChangeStatus>,
): Promise<void> {
  const gates = statesOf(results);
  const message = describeFailed(gates);
  run.services.waiting.clear(run.key);
  const { generation: appGeneration } = run.app.metadata;
  await recordChange(run, change, { ...plan, phase: "Rejected", message, gates, appGeneration });
  report(run, change.metadata.name, gates);
  await trimHistory(run);
}

/**
 * Reports whether a gate has rejected these inputs for this generation of the app; if so, records the problem again. The Change
 * itself is the record, so that a restart does not try them again.
 */
export function isRejected(run: AppRun, { inputs }: Rendered): boolean {
  const { generation } = run.app.metadata;
  for (const { metadata, spec, status } of run.services.changes.of(run.key)) {
    if (status?.phase !== "Rejected" || spec.inputs.key !== inputs.key || status.appGeneration !== generation) continue;
    report(run, metadata.name, status.gates ?? []);
    return true;
  }
  return false;
}

function report(run: AppRun, change: string, gates: readonly GateState[]): void {
  const failed = gates.find(({ state }) => state === "Fail");
  const reason = run.services.gates.find(({ name }) => name === failed?.name)?.failReason ?? "Rejected";
  const message = `Change ${change} is rejected: ${describeFailed(gates)}`;
  run.problem = { stage: "Plan", reason, message, terminal: true };
  run.progress = { state: "failed" };
  run.emitEventOnce("sync", "Warning", reason, "Sync", message);
}

function describeFailed(gates: readonly GateState[]): string {
  const failed = gates.filter(({ state }) => state === "Fail");
  return failed.map(({ name, message }) => `${name}: ${message}`).join("; ");
}
