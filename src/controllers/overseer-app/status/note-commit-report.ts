import { commitReport, nextReports } from "../../commit-status/commit-report.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";
import type { AppFacts } from "./conditions.js";

/** Messages about a render begin with the revision, which is what the status is attached to. */
function withoutRevision(message: string): string {
  return message.replace(/^\S*sha1:[0-9a-f]+: /, "");
}

/** Notes what to report as status of the commit, if the repository wants it, and requests the report if it is new. */
export function noteCommitReport(run: AppRun, { health, timedOut }: Pick<AppFacts, "health" | "timedOut">): void {
  const { memory, services, status } = run;
  if (services.repositories.get(repositoryKey(run.app))?.spec.provider?.statuses !== true) {
    memory.commitReport = undefined;
    return;
  }
  const { problem } = run;
  const worst = health?.problems[0];
  memory.commitReport = commitReport({
    ...{ commit: run.locatedCommit, key: run.desired?.inputs.key ?? memory.located?.key },
    ...{ appliedKey: status.applied?.key, progress: run.progress, timedOut },
    problem: problem && { ...problem, message: withoutRevision(problem.brief ?? problem.message) },
    health: health && {
      ...{ status: health.status, objects: health.objects },
      message: worst
        ? `${worst.object} ${worst.message}`
        : `${health.healthy} of ${health.objects} objects are healthy`,
    },
  });
  const last = memory.commitStatus ?? run.app.status?.commitStatus;
  if (memory.commitReport && nextReports(last, memory.commitReport).length > 0) services.onCommitReport(run.key);
}
