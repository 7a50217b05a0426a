import type { AppRun } from "../run.js";

/** Returns the newest commit whose inputs are the applied ones, once everything of it is applied; undefined otherwise. */
export function appliedCommitOf({
  status,
  problem,
  progress,
  desired,
  locatedCommit,
  newest,
}: AppRun): string | undefined {
  const isNewest = status.pin === undefined && newest === undefined;
  const isApplied = problem === undefined && progress.state === "done" && status.applied?.key === desired?.inputs.key;
  return isNewest && isApplied ? locatedCommit : undefined;
}
