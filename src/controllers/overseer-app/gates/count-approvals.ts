import type { Approval } from "../../../api/approval.js";
import type { Change, CountedApproval } from "../../../api/change.js";
import { cutText } from "../../../base/cut-text.js";
import { whyAuthor } from "../../../gates/authors.js";
import type { PlanFacts } from "../../../gates/context.js";
import { environmentsOf } from "../../../gates/environments.js";
import { type Approver, whyIneligible } from "../../../gates/quorum.js";
import { wholePlanHash } from "../../../plan/plan.js";
import type { AppRun } from "../run.js";
import { decisionsOn } from "./decisions.js";
import type { AuthorsFor } from "./origins.js";
import { serverTime } from "./server-time.js";

/** Maximum number of decisions in the status of a Change, as in its schema. */
const MAX_DECISIONS = 200;

/** Verdict on one Approval, without its own fields. */
type Judged = Pick<CountedApproval, "state" | "message">;

/**
 * Judges every decision of users on a Change. Permissions are asked again, since an approver may have lost them, and the policies that prove
 * the approvers are compared again. Sends no request if there are no decisions.
 */
export async function countApprovals(
  run: AppRun,
  change: Pick<Change, "metadata"> | undefined,
  plan: () => PlanFacts,
  authors: AuthorsFor = async () => undefined,
): Promise<CountedApproval[]> {
  if (change === undefined) return [];
  const decisions = decisionsOn(run, change.metadata.uid);
  if (decisions.length === 0) return [];
  const doubt = await run.services.proof.problem(run.ref.namespace);
  const facts = plan();
  const counted: CountedApproval[] = [];
  for (const approval of decisions) {
    const judged =
      doubt === undefined
        ? await judge(run, approval, decisions, facts, authors)
        : notEligible(`no decision counts: ${doubt}`);
    counted.push(withVerdict(approval, judged));
  }
  return shownDecisions(counted);
}

/**
 * Returns as many decisions as the status of a Change can hold: rejections that count first, so that no number of other decisions displaces one,
 * then the others that count, and the newest of each.
 */
export function shownDecisions(counted: readonly CountedApproval[]): CountedApproval[] {
  if (counted.length <= MAX_DECISIONS) return [...counted];
  const rank = ({ state, decision }: CountedApproval): number =>
    state !== "Counted" ? 3 : ({ Reject: 0, BreakGlass: 1 }[decision as string] ?? 2);
  const timed = ({ time = "", name }: CountedApproval): string => `${time} ${name}`;
  const newestFirst = (a: CountedApproval, b: CountedApproval): number => (timed(a) > timed(b) ? -1 : 1);
  const sorted = [...counted].sort((a, b) => rank(a) - rank(b) || newestFirst(a, b));
  const shown = new Set(sorted.slice(0, MAX_DECISIONS));
  return counted.filter((one) => shown.has(one));
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
  authors: AuthorsFor,
): Promise<Judged> {
  const { approver, decision } = spec;
  const user = { name: approver, groups: spec.groups ?? [] };
  const verb = decision === "BreakGlass" ? "break-glass" : "approve";
  if (!(await run.services.permissions.has(verb, run.app, user))) {
    const hint =
      user.groups.length === 0
        ? "; if the verb is granted to a group, it must be listed in spec.groups"
        : ", also not by the groups in spec.groups";
    return notEligible(`${approver} does not have the verb ${verb} for OverseerApp ${run.ref.name}${hint}`);
  }
  if (decision === "Withdraw") return { state: "Counted", message: `revokes the earlier decisions of ${approver}` };
  if (decision === "Acknowledge") return acknowledge(approver, all);
  // Times are in seconds: a withdrawal of the same second counts as later.
  const isLater = (one: Approval): boolean =>
    (one.metadata.creationTimestamp ?? "") >= (metadata.creationTimestamp ?? "");
  const withdrawal = all.find(
    (one) => one.spec.approver === approver && one.spec.decision === "Withdraw" && isLater(one),
  );
  if (withdrawal) return stale(`withdrawn by Approval ${withdrawal.metadata.name}`);
  const wholeHash = planHash === undefined ? undefined : wholePlanHash(planHash, approver, run.services.digestKey);
  const knowsWhole = spec.planHash === wholeHash;
  if (planHash === undefined || (spec.planHash !== planHash && !knowsWhole))
    return stale(
      `for the plan ${spec.planHash}, but the plan of the Change is ${planHash ?? "not known"}: look at it, and decide again`,
    );
  if (decision === "Reject") return { state: "Counted", message: "rejects this plan" };
  if (decision === "BreakGlass") return { state: "Counted", message: "lets this plan through by break-glass" };
  if (planIncomplete !== undefined && !knowsWhole)
    return notEligible(
      `the Change does not show its plan completely (${planIncomplete}): review the whole plan in the web UI, or with "overseer approve --server", split the commit, or decide BreakGlass`,
    );
  return (await ineligibleIn(run, { metadata, spec }, authors)) ?? { state: "Counted", message: "permits this plan" };
}

function acknowledge(user: string, all: readonly Approval[]): Judged {
  const broken = all.filter(({ spec }) => spec.decision === "BreakGlass").map(({ spec }) => spec.approver);
  if (broken.some((name) => name !== user))
    return { state: "Counted", message: `acknowledges the break-glass of ${broken.join(", ")}` };
  return notEligible(
    broken.length === 0 ? "the Change has no decision BreakGlass" : "the user of the BreakGlass cannot acknowledge it",
  );
}

/** Judges an approval by the rules of the Environments of the app. */
async function ineligibleIn(
  run: AppRun,
  approval: Pick<Approval, "metadata" | "spec">,
  authorsFor: AuthorsFor,
): Promise<Judged | undefined> {
  const { lister } = run.services;
  for (const environment of environmentsOf(run.ref.namespace, lister.list("Environment"))) {
    const { metadata, spec } = environment;
    const rule = spec.gates?.approval;
    const authors = await authorsFor(environment);
    const why =
      (rule && whyIneligible(approverOf(approval), rule, serverTime(run.services), spec.windows)) ??
      (authors && whyAuthor(approval.spec.approver, authors, spec.identities ?? []));
    if (why !== undefined) return notEligible(`Environment ${metadata.name}: ${why}`);
  }
  return undefined;
}

/** Returns the user of an Approval, with the groups that the policy has proven. */
export function approverOf({ metadata, spec }: Pick<Approval, "metadata" | "spec">): Approver {
  const time = Date.parse(metadata.creationTimestamp ?? "");
  return { name: spec.approver, groups: spec.groups ?? [], time: Number.isNaN(time) ? 0 : time };
}

function stale(message: string): Judged {
  return { state: "Stale", message };
}

function notEligible(message: string): Judged {
  return { state: "NotEligible", message };
}
