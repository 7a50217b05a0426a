import type { IncomingHttpHeaders } from "node:http";
import type { Decision } from "../../../api/approval-state.js";
import { type Change, isFinal } from "../../../api/change.js";
import { ProblemError } from "../../../http/problem.js";
import type { Identity } from "../identity/identity.js";
import type { RestParts } from "../route.js";
import { readChange } from "../routes/changes.js";
import { type Creation, createObject } from "./create-object.js";
import { newName } from "./idempotency.js";

/** A decision of a user about the plan of a Change. */
export interface DecisionRequest {
  readonly namespace: string;
  readonly change: string;
  readonly decision: Decision;
  readonly planHash: string;
  readonly comment?: string | undefined;
}

/** Decisions about a Change that may have ended. */
const AFTERWARDS: ReadonlySet<Decision> = new Set(["Withdraw", "Acknowledge"]);
/** Maximum number of groups that an Approval holds. */
const MAX_GROUPS = 100;

/**
 * Creates the Approval of a user. Throws PLAN_CHANGED, with the current plan, if the user has seen another one, CONFLICT if there is
 * nothing to decide, or the error of the API server.
 */
export async function decide(
  parts: RestParts,
  user: Identity,
  { namespace, change: name, decision, planHash, comment }: DecisionRequest,
  headers: IncomingHttpHeaders,
): Promise<Creation> {
  const change = await readChange(parts, user, namespace, name);
  const current = change.status?.planHash;
  if (current === undefined)
    throw new ProblemError("CONFLICT", "the Change has no plan yet: read it again in a few seconds");
  const isWhole = current !== planHash && (await isWholePlan(parts, user, change, planHash));
  if (current !== planHash && !isWhole)
    throw new ProblemError("PLAN_CHANGED", "the plan has changed: review it, and decide about its current hash", {
      currentPlanHash: current,
    });
  if (isFinal(change.status?.phase) && !AFTERWARDS.has(decision))
    throw new ProblemError("CONFLICT", "the Change has ended: there is nothing to decide");
  // The operator asks for the permission again before it applies the Change. It may have been granted to any of these groups.
  const groups = user.groups.filter((group) => !group.startsWith("system:")).slice(0, MAX_GROUPS);
  return createObject(
    parts.users.as(user),
    parts.resources.approval,
    namespace,
    newName(name, `${decision} ${planHash}`, user, headers),
    {
      app: { name: change.spec.app.name },
      change: { name, uid: change.metadata.uid },
      planHash,
      decision,
      approver: user.name,
      ...(comment === undefined ? {} : { comment }),
      ...(groups.length === 0 ? {} : { groups }),
    },
  );
}

/** Reports whether a hash names the plan of a Change whose status does not show the whole plan. */
async function isWholePlan(parts: RestParts, user: Identity, change: Change, hash: string): Promise<boolean> {
  if (change.status?.planIncomplete === undefined) return false;
  return (await parts.plans.planFor(user, change)).planHash === hash;
}
