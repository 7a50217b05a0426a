import { type Change, type ChangePhase, isFinal } from "../../api/change.js";
import { WholePlan } from "../../api/rest/changes.js";
import { Semaphore } from "../../base/semaphore.js";
import { ProblemError } from "../../http/problem.js";
import type { Identity } from "./identity/identity.js";
import type { RestParts } from "./route.js";

/** Phases in which the status shows as much of the plan as it can hold. Later it is shortened. */
const SHOWN_WHOLE: ReadonlySet<ChangePhase> = new Set(["Waiting", "Planned"]);

/** Whole plans that are read at once: each takes many times its size while it is parsed, checked and written again. */
const AT_ONCE = new Semaphore(2);

/**
 * Returns the plan of a Change, which the user must be able to read. What its status does not show, the leader has in memory until the
 * Change ends.
 *
 * @throws ProblemError CONFLICT while there is no plan, or if it is larger than the leader keeps; NOT_READY if the leader cannot be asked or has
 * not made the plan again yet.
 */
export async function wholePlanOf(
  { leader }: Pick<RestParts, "leader">,
  user: Identity,
  { metadata, spec, status }: Change,
): Promise<WholePlan> {
  const { planHash, planIncomplete, plan = [], omitted = 0, phase } = status ?? {};
  if (planHash === undefined)
    throw new ProblemError("CONFLICT", "the Change has no plan yet: read it again in a few seconds");
  const complete = planIncomplete === undefined && omitted === 0 && phase !== undefined && SHOWN_WHOLE.has(phase);
  if (complete || planIncomplete === undefined) return { planHash, complete, actions: [...plan] };
  const shown: WholePlan = { planHash, complete: false, actions: [...plan] };
  if (isFinal(phase) && phase !== "Planned") return shown;
  const query = new URLSearchParams({ planHash, user: user.name, app: `${metadata.namespace}/${spec.app.name}` });
  const path = `/internal/v1/plans/${encodeURIComponent(metadata.uid)}?${query}`;
  const whole = await AT_ONCE.run(() => leader.ask({ path, schema: WholePlan })).catch((error: unknown) => {
    if (!(error instanceof ProblemError) || error.code !== "NOT_FOUND") throw error;
    // A dry run has ended: its plan is not computed anew.
    if (phase === "Planned") return undefined;
    throw new ProblemError("NOT_READY", "the operator makes the whole plan again: read it in a few seconds", {
      retryAfter: 5,
    });
  });
  if (whole === undefined || phase === "Planned") return whole?.complete ? whole : shown;
  if (whole.complete) return whole;
  throw new ProblemError(
    "CONFLICT",
    "the plan is larger than the operator keeps: split the commit, or decide BreakGlass with a comment",
  );
}
