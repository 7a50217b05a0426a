import type { Change } from "../../../api/change.js";
import type { Inputs } from "../../../api/inputs.js";
import { isNewer } from "../../../plan/change-history.js";
import { openChanges } from "../changes/change-record.js";
import type { AppRun } from "../run.js";

/** Returns the open request of a user to promote a commit, if it has its inputs. The newest one counts. */
export function openPromotion(run: AppRun): Change | undefined {
  let newest: Change | undefined;
  for (const change of openChanges(run)) {
    const { cause, requester, inputs, dryRun } = change.spec;
    if (cause !== "Promotion" || requester === undefined || inputs === undefined || dryRun === true) continue;
    if (newest === undefined || isNewer(change, newest)) newest = change;
  }
  return newest;
}

/** Returns the commit that later ones must descend from: that of a Change that has begun to write, or else the applied one. */
export function baseCommit(run: AppRun): string | undefined {
  return baseInputs(run)?.commit;
}

/** Returns the inputs of a Change that has begun to write, or else the applied ones. */
export function baseInputs(run: AppRun): Inputs | undefined {
  const begun = openChanges(run).find(({ status }) => status?.phase === "Applying" || status?.phase === "Verifying");
  return begun?.spec.inputs ?? run.status.applied;
}
