import type { Change, ChangeStatus } from "../../../api/change.js";
import { environmentsOf } from "../../../gates/environments.js";
import { serverTime } from "../gates/server-time.js";
import type { AppRun } from "../run.js";
import { openChanges } from "./change-record.js";

/** How long newer inputs wait for a Change that a user has approved, in milliseconds. */
const LATCH_MS = 24 * 3_600_000;

/**
 * Returns the open Change that users have begun to approve, in an Environment that asks for approvals. Newer inputs wait until it has
 * ended, so that a busy repository does not void each approval: until it succeeds, fails or is rejected, for at most 24 hours, or until a
 * user requests a sync. A hook of it is not stopped halfway, as that could lose data: its timeout ends one that hangs. */
export function latchedChange(run: AppRun): Change | undefined {
  const environments = environmentsOf(run.ref.namespace, run.services.lister.list("Environment"));
  if (environments.every(({ spec }) => spec.gates?.approval === undefined)) return undefined;
  const open = openChanges(run);
  const isRequested = open.some(
    ({ spec }) =>
      spec.requester !== undefined && spec.cause !== "Rollback" && spec.inputs === undefined && !spec.dryRun,
  );
  return isRequested ? undefined : open.find((change) => isLatched(run, change));
}

function isLatched(run: AppRun, { spec, status }: Change): boolean {
  if (spec.inputs === undefined || spec.dryRun === true || spec.cause === "Drift") return false;
  if (status === undefined || isFailing(run, status)) return false;
  // Once it has begun, an approval no longer needs to fit what is left of the plan.
  const hasBegun = status.phase !== "Waiting";
  const times = (status.approvals ?? []).flatMap(({ decision, state, time = "" }) =>
    decision === "Approve" && (state === "Counted" || hasBegun) ? [Date.parse(time)] : [],
  );
  return times.length > 0 && serverTime(run.services) < Math.min(...times) + LATCH_MS;
}

/** Reports whether a Change does not come to an end by itself: newer inputs may be the correction. */
function isFailing(run: AppRun, { phase, message, hooks }: ChangeStatus): boolean {
  if (hooks?.some(({ state }) => state === "Running")) return false;
  if (phase === "Applying") return message !== undefined;
  if (phase === "Verifying") return run.status.health === "Degraded";
  return phase !== "Waiting";
}
