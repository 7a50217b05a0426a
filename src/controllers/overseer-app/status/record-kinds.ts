import type { Change } from "../../../api/change.js";
import { mergeConditions } from "../../../api/conditions.js";
import { rfc3339 } from "../../../base/clock.js";
import { relevantKinds } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { formatKind } from "../source/resource-kinds.js";

/**
 * Records in the status, before the first object is written, the kinds about to exist and the inputs being applied. After a
 * crash, every object can be found by its kind, and healing continues toward the inputs that passed their gates.
 */
export async function recordKinds(run: AppRun, desired: Rendered, change: Change): Promise<void> {
  const { status, apps, clock } = run.services;
  const current = apps.get(run.key) ?? run.app;
  const { generation } = run.app.metadata;
  const message = `applying ${desired.inputs.revision} (${run.staged?.update.summary ?? change.status?.summary ?? ""})`;
  const kinds = relevantKinds(run).map(formatKind);
  const kept = (run.status.conditions ?? []).filter(
    (condition) => !["Ready", "Synced", "Reconciling", "Stalled", "Waiting"].includes(condition.type),
  );
  run.status = {
    ...run.status,
    observedGeneration: generation,
    applied: desired.inputs,
    kinds: [...new Set([...(run.status.kinds ?? []), ...kinds])].sort(),
    change: { name: change.metadata.name },
    conditions: [
      ...mergeConditions(
        run.status.conditions ?? [],
        [
          { type: "Ready", status: "Unknown", reason: "Applying", message },
          { type: "Synced", status: "False", reason: "Applying", message },
          { type: "Reconciling", status: "True", reason: "Applying", message },
        ],
        generation,
        rfc3339(clock.now()),
      ),
      ...kept.map((condition) => ({ ...condition, observedGeneration: generation })),
    ],
  };
  const { attempted: _, failures: __, nextRetryTime: ___, ...next } = run.status;
  run.status = next;
  run.applied = desired;
  const written = await status.write(apps.resource, current, run.status);
  if (written) apps.note(written);
  run.services.failpoint("app:after-kinds-recorded");
}

/** Reports whether the status already contains all kinds of the desired objects. */
export function areRecorded(run: AppRun): boolean {
  const recorded = new Set(run.status.kinds ?? []);
  return relevantKinds(run).every((kind) => recorded.has(formatKind(kind)));
}
