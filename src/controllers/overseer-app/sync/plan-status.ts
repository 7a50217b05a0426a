import type { ChangeStatus } from "../../../api/change.js";
import { describePlan, type Plan, planHash, summarize } from "../../../plan/plan.js";
import type { AppRun } from "../run.js";
import { statusNotes } from "../source/notes.js";

/** Returns the status fields of a Change that describe its plan. */
export function planStatus(run: AppRun, plan: Plan): Partial<ChangeStatus> {
  const { actions, omitted } = describePlan(plan);
  return {
    summary: summarize(plan),
    planHash: planHash(plan, run.services.digestKey),
    plan: actions,
    ...(omitted === 0 ? {} : { omitted }),
    ...(run.desired ? statusNotes(run.desired) : {}),
  };
}
