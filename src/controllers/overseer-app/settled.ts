import { appKey } from "../../plan/live.js";
import type { AppRun } from "./run.js";
import { repositoryKey } from "./source.js";

/** Other apps of the same repository that have not looked at its newest commit yet: what they want of it is not known. */
export function unsettledApps(run: AppRun): string[] {
  const { apps, index, memories, repositories } = run.services;
  const repository = repositoryKey(run.app);
  const names: string[] = [];
  for (const other of apps.values()) {
    const key = appKey(other.metadata);
    if (
      key === run.key ||
      repositoryKey(other) !== repository ||
      other.spec.suspend ||
      other.metadata.deletionTimestamp
    )
      continue;
    const commit = index.get(repository, other.spec.source.ref ?? repositories.get(repository)?.spec.ref)?.resolved
      ?.commit;
    if (commit !== undefined && memories.get(key)?.consideredCommit !== commit) names.push(`OverseerApp ${key}`);
  }
  return names;
}
