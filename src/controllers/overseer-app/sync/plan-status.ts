import type { Change, ChangeStatus } from "../../../api/change.js";
import { describePlan, type Plan, type PlanExtent, planHash, summarize } from "../../../plan/plan.js";
import type { AppRun } from "../run.js";
import { statusNotes } from "../source/notes.js";

/**
 * Returns the status fields of a Change that describe its plan. `Whole` shows as much as an object of the API server can hold, for users
 * who decide about it.
 */
export function planStatus(run: AppRun, plan: Plan, extent: PlanExtent = "Brief"): Partial<ChangeStatus> {
  const { actions, omitted, incomplete } = describePlan(plan, extent);
  const missing = extent === "Whole" ? incomplete : undefined;
  return {
    summary: summarize(plan),
    planHash: planHash(plan, run.services.digestKey),
    plan: actions,
    ...(omitted === 0 ? {} : { omitted }),
    ...(missing === undefined ? {} : { planIncomplete: missing }),
    ...(run.desired ? statusNotes(run.desired) : {}),
  };
}

/**
 * Keeps the plan of a Change for users who decide about it, if its status cannot show it completely. Of a plan that is too large even for
 * that, only the fact is kept, so that its hash is given to no user.
 */
export function keepWholePlan(
  { services }: AppRun,
  { metadata: { uid } }: Pick<Change, "metadata">,
  plan: Plan,
  { planHash: hash, planIncomplete }: Partial<ChangeStatus>,
): void {
  if (planIncomplete === undefined || hash === undefined) return;
  const { actions, incomplete } = describePlan(plan, "Entire");
  services.wholePlans.keep(uid, hash, incomplete === undefined ? actions : undefined);
}
