import type { Change, ChangeStatus } from "../../../api/change.js";
import { planComment } from "../../plan-comment/plan-comment.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";

/** Notes what to comment about a Change whose status was written, if the repository wants it. */
export function notePlanComment(run: AppRun, change: Change, status: ChangeStatus): void {
  const { memory, services } = run;
  if (services.repositories.get(repositoryKey(run.app))?.spec.provider?.planComments !== true) {
    memory.planComment = undefined;
    return;
  }
  const { inputs } = change.spec;
  // A newer commit that changes nothing for the app has the same plan.
  const isNewest = inputs === undefined || inputs.key === run.desired?.inputs.key;
  const commit = (isNewest ? run.locatedCommit : undefined) ?? inputs?.commit;
  const wanted = planComment(change, status, commit);
  if (wanted === undefined) return;
  memory.planComment = wanted;
  services.onCommitReport(run.key);
}
