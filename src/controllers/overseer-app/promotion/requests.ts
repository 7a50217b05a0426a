import type { Change } from "../../../api/change.js";
import type { Inputs } from "../../../api/inputs.js";
import { messageOf, OverseerError } from "../../../base/errors.js";
import { promotionPaths } from "../../../gates/promotion/paths.js";
import type { AppRun } from "../run.js";
import { isProblem, locateInputs } from "../source/locate-inputs.js";
import { locateAt } from "./locate-at.js";
import { baseCommit } from "./open-promotion.js";

/** The inputs of a commit to promote, or why it cannot be promoted. */
export type PromotionTarget = { readonly inputs: Inputs } | { readonly refusal: string };

/** Finds the inputs that a request of a user to promote names. Whether they were tested is judged by the gate. */
export async function promotionTarget(run: AppRun, request: Change): Promise<PromotionTarget> {
  const commit = request.spec.promote?.commit ?? "";
  const paths = promotionPaths(run.app, run.services.lister);
  if (paths.length === 0)
    return {
      refusal: `namespace ${run.ref.namespace} belongs to no Environment with promotesFrom: request a sync by a Change of cause Sync`,
    };
  const head = await locateInputs(run);
  if (isProblem(head)) return { refusal: head.message };
  try {
    const base = baseCommit(run);
    const { commits } = await run.services.lines.of(head.remote, head.inputs.commit, base, run.signal);
    const at = commits.indexOf(commit);
    if (at < 0)
      return {
        refusal: `commit ${commit} is not among the last ${commits.length} first parents of ${head.inputs.revision}: correct spec.promote.commit`,
      };
    const end = base === undefined ? -1 : commits.indexOf(base);
    if (end >= 0 && at > end)
      return {
        refusal: `commit ${commit} is older than the applied one: request a rollback by a Change of cause Rollback`,
      };
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return { refusal: `the history of the ref cannot be read: ${messageOf(error)}` };
  }
  const located = await locateAt(run, head, commit);
  return isProblem(located) ? { refusal: located.message } : { inputs: located.inputs };
}
