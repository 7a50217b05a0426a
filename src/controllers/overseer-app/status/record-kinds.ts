import type { Change } from "../../../api/change.js";
import { mergeConditions } from "../../../api/conditions.js";
import { rfc3339 } from "../../../base/clock.js";
import { relevantKinds } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { formatKind } from "../source/resource-kinds.js";

/**
 * Writes into the status, before the first object is written, which kinds are about to exist and which inputs are being
 * applied: after a crash every object is found again by its kind, and healing goes on to the inputs that passed their gates.
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
  const { attempted: _, failures: __, nextRetryTime: ___, ...rest } = run.status;
  run.status = rest;
  run.applied = desired;
  const written = await status.write(apps.resource, current, run.status);
  if (written) apps.note(written);
  run.services.failpoint("app:after-kinds-recorded");
}

/** Whether the status has all kinds already that the app is about to have. */
export function areRecorded(run: AppRun): boolean {
  const recorded = new Set(run.status.kinds ?? []);
  return relevantKinds(run).every((kind) => recorded.has(formatKind(kind)));
}
