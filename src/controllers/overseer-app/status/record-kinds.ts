import type { Change } from "../../../api/change.js";
import { deletionStatus } from "../deletion/deletion-status.js";
import { relevantKinds } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { formatKind } from "../source/resource-kinds.js";
import { fieldsOf, type StatusFields, type StatusOutcome, writeStatus } from "./write-status.js";

/**
 * Records in the status, before the first object is written, the kinds about to exist and the inputs being applied. After a
 * crash, every object can be found by its kind, and healing continues toward the inputs that passed their gates.
 */
export async function recordKinds(run: AppRun, desired: Rendered, change: Change): Promise<void> {
  run.status = await writeStatus(run, applyingOutcome(run, desired, change));
  run.applied = desired;
  run.services.failpoint("app:after-kinds-recorded");
}

/** Records the kinds of hooks before the first one is created. */
export async function recordHookKinds(run: AppRun, change: Change): Promise<void> {
  await recordKindsOf(run, `running hooks of Change ${change.metadata.name}`, {
    change: { name: change.metadata.name },
  });
}

/** Records all kinds, and keeps the applied inputs as they are: not all objects are written. `message`: what is being done. */
export async function recordKindsOf(
  run: AppRun,
  message: string,
  more: Pick<StatusFields, "change"> = {},
): Promise<void> {
  const fields = fieldsOf(run.status);
  const kinds = [...new Set([...(fields.kinds ?? []), ...relevantKinds(run).map(formatKind)])].sort();
  run.status = await writeStatus(run, {
    fields: { ...fields, kinds, ...more },
    conditions: [
      { type: "Ready", status: "Unknown", reason: "Applying", message },
      { type: "Reconciling", status: "True", reason: "Applying", message },
    ],
    keep: [
      "Synced",
      "Healthy",
      "Drifted",
      "Contested",
      "Limited",
      "Paused",
      "BreakGlass",
      "Terminating",
      "BackupFailed",
    ],
  });
}

function applyingOutcome(run: AppRun, desired: Rendered, change: Change): StatusOutcome {
  const { inputs } = desired;
  const message = `applying ${inputs.revision} (${run.staged?.update.summary ?? change.status?.summary ?? ""})`;
  const kinds = relevantKinds(run).map(formatKind);
  const { attempted: _, failures: __, nextRetryTime: ___, deletion: ____, ...fields } = fieldsOf(run.status);
  return {
    fields: {
      ...fields,
      ...deletionStatus(run.status, desired),
      applied: inputs,
      kinds: [...new Set([...(fields.kinds ?? []), ...kinds])].sort(),
      change: { name: change.metadata.name },
    },
    conditions: [
      { type: "Ready", status: "Unknown", reason: "Applying", message },
      { type: "Synced", status: "False", reason: "Applying", message },
      { type: "Reconciling", status: "True", reason: "Applying", message },
    ],
    keep: [
      "Healthy",
      "Drifted",
      "Contested",
      "Limited",
      "Paused",
      "Pinned",
      "BreakGlass",
      "Terminating",
      "BackupFailed",
    ],
  };
}

/** Reports whether the status already contains all kinds of the desired objects. */
export function areRecorded(run: AppRun): boolean {
  const recorded = new Set(run.status.kinds ?? []);
  return relevantKinds(run).every((kind) => recorded.has(formatKind(kind)));
}
