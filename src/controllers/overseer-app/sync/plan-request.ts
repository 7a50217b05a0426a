import type { Change } from "../../../api/change.js";
import { difference } from "../../../plan/difference.js";
import { recordChange, trimHistory } from "../changes/change-record.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { withoutFinished } from "./finished-jobs.js";
import { planDifference } from "./plan-difference.js";
import { keepWholePlan, planStatus } from "./plan-status.js";
import { describeRefusals } from "./refusals.js";

/** Meets a request for a dry run: records the plan in the Change and ends it. Nothing is written to the destination. */
export async function planRequest(run: AppRun, request: Change, desired: Rendered): Promise<void> {
  const { destination } = run;
  const observation = observeApp(run);
  const documents = withoutFinished(run, desired.documents, observation);
  const diff = difference(documents, observation, (document) => destination.recordedHash(document));
  const { plan, verdict } = await planDifference(run, desired, observation, diff, [], false);
  const refused = plan.refused ?? [];
  const report =
    refused.length === 0
      ? undefined
      : await describeRefusals(refused, plan.writes.length + plan.deferred.length, run.snapshot);
  const status = planStatus(run, plan, "Whole");
  keepWholePlan(run, request, plan, status);
  const causes = [verdict.refusal, report?.brief, verdict.approval].filter((cause) => cause !== undefined);
  const would = `${desired.inputs.revision} would be applied (${status.summary})`;
  await recordChange(run, request, {
    ...status,
    phase: "Planned",
    message: `dry run, nothing was written: ${causes.length === 0 ? would : `${would}, but: ${causes.join("; ")}`}`,
    ...(report === undefined ? {} : { refusals: [...report.refusals] }),
  });
  await trimHistory(run);
}
