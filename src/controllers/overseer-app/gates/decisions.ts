import type { Approval } from "../../../api/approval.js";
import type { CountedApproval } from "../../../api/change.js";
import { wholePlanHash } from "../../../plan/plan.js";
import type { KnownChange } from "../changes/known-change.js";
import type { AppRun } from "../run.js";

/** Returns the decisions of users on a Change of the app, oldest first. */
export function decisionsOn(run: AppRun, changeUid: string): Approval[] {
  const found = [...run.services.approvals.of(run.key)].filter(({ spec }) => spec.change.uid === changeUid);
  const order = ({ metadata }: Approval): string => `${metadata.creationTimestamp ?? ""} ${metadata.name}`;
  return found.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** A Change that a user has rejected, and the decision. */
export interface StandingRejection {
  readonly change: KnownChange;
  readonly by: CountedApproval;
}

/** Returns the rejections by users of earlier Changes of the app that were not withdrawn. */
export function standingRejections(run: AppRun): StandingRejection[] {
  const found: StandingRejection[] = [];
  for (const change of run.services.changes.of(run.key)) {
    if (change.status?.phase !== "Rejected") continue;
    const by = change.status.approvals?.find(({ decision, state }) => decision === "Reject" && state === "Counted");
    if (by !== undefined && !isWithdrawn(run, change, by)) found.push({ change, by });
  }
  return found;
}

/** Reports whether the user who has rejected a Change has withdrawn that since, or another one has lifted it by break-glass. */
function isWithdrawn(run: AppRun, change: KnownChange, { approver, time = "" }: CountedApproval): boolean {
  return decisionsOn(run, change.metadata.uid).some(({ metadata, spec }) => {
    if ((metadata.creationTimestamp ?? "") < time) return false;
    if (spec.decision === "BreakGlass") return isOf(run, spec, change);
    return spec.decision === "Withdraw" && spec.approver === approver;
  });
}

/** Reports whether a decision is about the plan of a Change, as its status shows it or whole. */
function isOf({ services }: AppRun, { planHash, approver }: Approval["spec"], { status }: KnownChange): boolean {
  if (status?.planHash === undefined) return false;
  return planHash === status.planHash || planHash === wholePlanHash(status.planHash, approver, services.digestKey);
}
