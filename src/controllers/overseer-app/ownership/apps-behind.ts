import type { OverseerApp } from "../../../api/overseer-app.js";
import { appKey } from "../../../plan/live.js";
import type { AppServices } from "../app-services.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";

/** The part of a reconcile that relates an app to others of its repository. */
type AppOfRepository = Pick<AppRun, "app" | "key" | "services">;

/** Returns the last polled commit of an app's ref. */
export function newestCommit({ index, repositories }: AppServices, app: OverseerApp): string | undefined {
  const repository = repositoryKey(app);
  return index.get(repository, app.spec.source.ref ?? repositories.get(repository)?.spec.ref)?.resolved?.commit;
}

/**
 * Returns the other apps of the same repository that have not processed its newest commit yet, so that their claims are
 * unknown. An app that failed to render the commit has processed it: others do not wait for a fix.
 */
export function appsBehind(run: AppOfRepository): string[] {
  const { services } = run;
  return [...othersOf(run)]
    .filter((other) => {
      const commit = newestCommit(services, other);
      return commit !== undefined && services.memories.get(appKey(other.metadata))?.consideredCommit !== commit;
    })
    .map(({ metadata }) => appKey(metadata))
    .sort();
}

/** Returns the other apps of the same repository that this process has not reconciled yet: their claims are unknown. */
export function unreconciledApps(run: AppOfRepository): string[] {
  return [...othersOf(run)]
    .map(({ metadata }) => appKey(metadata))
    .filter((key) => run.services.memories.get(key)?.reconciled !== true)
    .sort();
}

/** Yields the other apps of the same repository, which may claim objects of this one. */
function* othersOf(run: AppOfRepository): Iterable<OverseerApp> {
  const repository = repositoryKey(run.app);
  for (const other of run.services.apps.values()) {
    if (appKey(other.metadata) === run.key || repositoryKey(other) !== repository) continue;
    if (!other.metadata.deletionTimestamp) yield other;
  }
}
