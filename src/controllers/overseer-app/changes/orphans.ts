import type { ChangeStatus } from "../../../api/change.js";
import { mergeConditions } from "../../../api/conditions.js";
import { rfc3339 } from "../../../base/clock.js";
import type { AppServices } from "../app-services.js";
import { changeConditions } from "./change-record.js";
import { isOpen } from "./known-change.js";

/** Ends the requests for an app (`namespace/name`) that does not exist. */
export async function rejectOrphans({ changes, status, clock }: AppServices, app: string): Promise<void> {
  for (const change of changes.of(app)) {
    if (!isOpen(change) || change.spec.requester === undefined) continue;
    const now = rfc3339(clock.now());
    const { generation } = change.metadata;
    const message = `OverseerApp ${app} does not exist: correct spec.app.name, or create the app, and request again`;
    const times = { startTime: now, completionTime: now };
    const next: ChangeStatus = { phase: "Rejected", message, observedGeneration: generation, ...times };
    next.conditions = mergeConditions([], changeConditions(next), generation, now);
    const written = await status.write(changes.resource, change, next);
    if (written) changes.note(written);
  }
}
