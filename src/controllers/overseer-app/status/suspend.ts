import { columnMessage } from "../../../api/column-message.js";
import { mergeConditions } from "../../../api/conditions.js";
import { rfc3339 } from "../../../base/clock.js";
import type { AppRun } from "../run.js";

/** Records that an app is suspended. Its objects, last status and finalizer stay unchanged. */
export async function acknowledgeSuspended(run: AppRun): Promise<void> {
  const { apps, status, clock, observer } = run.services;
  const { generation } = run.app.metadata;
  // Nothing is waited for while the app is suspended: that time does not count.
  run.memory.outOfDateSince = undefined;
  const before = run.status.conditions ?? [];
  const kept = before.filter((condition) => condition.type === "Synced" || condition.type === "Healthy");
  const ready = before.find((condition) => condition.type === "Ready");
  const message = "suspended: nothing is applied, reverted or deleted until spec.suspend is false";
  const conditions = [
    ...mergeConditions(
      before,
      [{ type: "Ready", status: ready?.status === "True" ? "True" : "False", reason: "Suspended", message }],
      generation,
      rfc3339(clock.now()),
    ),
    ...kept.map((condition) => ({ ...condition, observedGeneration: generation })),
  ];
  const next = {
    ...run.status,
    observedGeneration: generation,
    conditions,
    message: columnMessage(conditions, undefined),
  };
  const written = await status.write(apps.resource, run.app, next);
  if (written) apps.note(written);
  observer.state(run.app, next);
}
