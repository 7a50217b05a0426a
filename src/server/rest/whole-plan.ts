import { type Change, type ChangePhase, isFinal } from "../../api/change.js";
import { WholePlan } from "../../api/rest/changes.js";
import { ProblemError } from "../../http/problem.js";
import type { RestParts } from "./route.js";

/** Phases in which the status shows as much of the plan as it can hold. Later it is shortened. */
const SHOWN_WHOLE: ReadonlySet<ChangePhase> = new Set(["Waiting", "Planned"]);

/**
 * Returns the plan of a Change, which the user must be able to read. What its status does not show, the leader has in memory until the
 * Change ends.
 *
 * @throws ProblemError CONFLICT while there is no plan, NOT_READY if the leader cannot be asked or has not made the plan again yet.
 */
export async function wholePlanOf({ leader }: Pick<RestParts, "leader">, change: Change): Promise<WholePlan> {
  const { metadata, status } = change;
  const { planHash, planIncomplete, plan = [], omitted = 0, phase } = status ?? {};
  if (planHash === undefined)
    throw new ProblemError("CONFLICT", "the Change has no plan yet: read it again in a few seconds");
  const complete = planIncomplete === undefined && omitted === 0 && phase !== undefined && SHOWN_WHOLE.has(phase);
  if (complete || planIncomplete === undefined) return { planHash, complete, actions: [...plan] };
  const path = `/internal/v1/plans/${encodeURIComponent(metadata.uid)}?planHash=${encodeURIComponent(planHash)}`;
  try {
    return await leader.ask({ path, schema: WholePlan });
  } catch (error) {
    if (isFinal(phase)) return { planHash, complete: false, actions: [...plan] };
    if (!(error instanceof ProblemError) || error.code !== "NOT_FOUND") throw error;
    throw new ProblemError(
      "NOT_READY",
      "the operator does not have the whole plan: it makes it again when it judges the Change the next time, unless the plan is larger than 12 MiB",
      { retryAfter: 5 },
    );
  }
}
