import type { ApprovalStatus } from "../../../api/approval.js";
import type { CountedApproval } from "../../../api/change.js";
import { type ConditionDraft, findCondition, mergeConditions } from "../../../api/conditions.js";
import { rfc3339 } from "../../../base/clock.js";
import { auditDecision } from "../audit.js";
import type { AppRun } from "../run.js";

/** Shows each user in the Approval itself whether the decision counts. Writes only what has changed. */
export async function writeApprovalStatus(run: AppRun, counted: readonly CountedApproval[]): Promise<void> {
  const { approvals, status, clock, observer } = run.services;
  for (const one of counted) {
    const { name, state, message, decision } = one;
    const approval = approvals.get(`${run.ref.namespace}/${name}`);
    if (approval === undefined) continue;
    const { generation } = approval.metadata;
    const drafts: ConditionDraft[] =
      state === "Counted"
        ? [{ type: "Ready", status: "True", reason: state, message }]
        : [
            { type: "Ready", status: "False", reason: state, message },
            { type: "Stalled", status: "True", reason: state, message },
          ];
    const conditions = mergeConditions(approval.status?.conditions ?? [], drafts, generation, rfc3339(clock.now()));
    const next: ApprovalStatus = { observedGeneration: generation, conditions };
    const counts = findCondition(approval.status?.conditions, "Ready")?.status === "True";
    if (state === "Counted" && !counts) observer.decided(decision);
    const before = findCondition(approval.status?.conditions, "Ready")?.reason;
    if (before !== state) await auditDecision(run, one);
    const written = await status.write(approvals.resource, approval, next);
    if (written && written !== approval) approvals.note(written);
  }
}
