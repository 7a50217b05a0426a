import type { Approval } from "../../../api/approval.js";
import type { Change, CountedApproval } from "../../../api/change.js";
import { cutText } from "../../../base/cut-text.js";
import type { PlanFacts } from "../../../gates/context.js";
import type { AppRun } from "../run.js";
import { decisionsOn } from "./decisions.js";

/** Verdict on one Approval, without its own fields. */
type Judged = Pick<CountedApproval, "state" | "message">;

/**
 * Judges every decision of users on a Change. Permissions are asked again, since an approver may have lost them, and the policies that prove
 * the approvers are compared again. Sends no request if there are no decisions.
 */
export async function countApprovals(
  run: AppRun,
  change: Change | undefined,
  plan: () => PlanFacts,
): Promise<CountedApproval[]> {
  if (change === undefined) return [];
  const decisions = decisionsOn(run, change.metadata.uid);
  if (decisions.length === 0) return [];
  const doubt = await run.services.proof.problem(run.ref.namespace);
  const facts = plan();
  const counted: CountedApproval[] = [];
  for (const approval of decisions) {
    const judged =
      doubt === undefined ? await judge(run, approval, decisions, facts) : notEligible(`no decision counts: ${doubt}`);
    counted.push(withVerdict(approval, judged));
  }
  return counted;
}

function withVerdict({ metadata, spec }: Approval, { state, message }: Judged): CountedApproval {
  return {
    name: metadata.name,
    approver: spec.approver,
    decision: spec.decision,
    state,
    message: cutText(message, 1024),
    ...(spec.comment === undefined ? {} : { comment: spec.comment }),
    ...(metadata.creationTimestamp === undefined ? {} : { time: metadata.creationTimestamp }),
  };
}

async function judge(
  run: AppRun,
  { metadata, spec }: Approval,
  all: readonly Approval[],
  { planHash, planIncomplete }: PlanFacts,
): Promise<Judged> {
  const { approver, decision } = spec;
  const user = { name: approver, groups: spec.groups ?? [] };
  if (!(await run.services.permissions.mayApprove(run.app, user))) {
    const hint =
      user.groups.length === 0
        ? "; if the verb is granted to a group, it must be listed in spec.groups"
        : ", also not by the groups in spec.groups";
    return notEligible(`${approver} does not have the verb approve for OverseerApp ${run.ref.name}${hint}`);
  }
  if (decision === "Withdraw") return { state: "Counted", message: `revokes the earlier decisions of ${approver}` };
  // Times are in seconds: a withdrawal of the same second counts as later.
  const isLater = (one: Approval): boolean =>
    (one.metadata.creationTimestamp ?? "") >= (metadata.creationTimestamp ?? "");
  const withdrawal = all.find(
    (one) => one.spec.approver === approver && one.spec.decision === "Withdraw" && isLater(one),
  );
  if (withdrawal) return stale(`withdrawn by Approval ${withdrawal.metadata.name}`);
  if (planHash === undefined || spec.planHash !== planHash)
    return stale(
      `for the plan ${spec.planHash}, but the plan of the Change is ${planHash ?? "not known"}: look at it, and decide again`,
    );
  if (decision === "Approve" && planIncomplete !== undefined)
    return notEligible(`the plan is not shown completely (${planIncomplete}): split the commit`);
  return { state: "Counted", message: decision === "Approve" ? "permits this plan" : "rejects this plan" };
}

function stale(message: string): Judged {
  return { state: "Stale", message };
}

function notEligible(message: string): Judged {
  return { state: "NotEligible", message };
}
