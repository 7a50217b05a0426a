import type { Change, ChangeStatus, GateState } from "../../../api/change.js";
import { hasSameSource } from "../../../api/inputs.js";
import { approvalsGate } from "../../../gates/approvals.js";
import type { GateResult } from "../../../gates/judge.js";
import { recordChange, trimHistory } from "../changes/change-record.js";
import { failed, type SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { standingRejections } from "./decisions.js";
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
): Promise<SyncResult> {
  const gates = statesOf(results);
  const message = describeFailed(gates);
  run.services.waiting.clear(run.key);
  if (run.status.pin?.change === change.metadata.name) run.status = { ...run.status, pin: undefined };
  const { generation: appGeneration } = run.app.metadata;
  await recordChange(run, change, { ...plan, phase: "Rejected", message, gates, appGeneration });
  await trimHistory(run);
  return report(run, change.metadata.name, gates);
}

/**
 * Returns the rejection again if a gate has rejected these inputs for this generation of the app. The Change itself is the record, so
 * that a restart does not try them again.
 */
export function rejectionOf(run: AppRun, { inputs }: Rendered): SyncResult | undefined {
  const { generation } = run.app.metadata;
  const byUser = standingRejections(run).length > 0;
  for (const { metadata, spec, status } of run.services.changes.of(run.key)) {
    const wasByUser =
      status?.gates?.some(({ name, state }) => name === approvalsGate.name && state === "Fail") === true;
    if ((wasByUser && !byUser) || spec.cause === "Drift") continue;
    if (status?.phase !== "Rejected" || status.appGeneration !== generation || !hasSameSource(spec.inputs, inputs))
      continue;
    return report(run, metadata.name, status.gates ?? []);
  }
  return undefined;
}

function report(run: AppRun, change: string, gates: readonly GateState[]): SyncResult {
  const first = gates.find(({ state }) => state === "Fail");
  const reason = run.services.gates.find(({ name }) => name === first?.name)?.failReason ?? "Rejected";
  const message = `Change ${change} is rejected: ${describeFailed(gates)}`;
  run.emitEventOnce("sync", "Warning", reason, "Sync", message);
  return failed({ stage: "Plan", reason, message, terminal: true });
}

function describeFailed(gates: readonly GateState[]): string {
  const closed = gates.filter(({ state }) => state === "Fail");
  return closed.map(({ name, message }) => `${name}: ${message}`).join("; ");
}
