import type { OverseerApp } from "../../../api/overseer-app.js";
import { appKey } from "../../../plan/live.js";
import type { AppServices } from "../app-services.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";

/** An app, among those of its repository. */
type AppOfRepository = Pick<AppRun, "app" | "key" | "services">;

/** The commit that an app's ref is at, as last polled. */
export function newestCommit({ index, repositories }: AppServices, app: OverseerApp): string | undefined {
  const repository = repositoryKey(app);
  return index.get(repository, app.spec.source.ref ?? repositories.get(repository)?.spec.ref)?.resolved?.commit;
}

/**
 * Other apps of the same repository that have not read its newest commit yet: what they want of it is not known. An app that
 * read it and failed to render it has read it: others do not wait until it is mended.
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

/** Other apps of the same repository that were not looked at since this process began: nothing of what they want is known. */
export function unreconciledApps(run: AppRun): string[] {
  return [...othersOf(run)]
    .map(({ metadata }) => appKey(metadata))
    .filter((key) => run.services.memories.get(key)?.reconciled !== true)
    .sort();
}

/** The apps of the same repository that may want what this one has. */
function* othersOf(run: AppOfRepository): Iterable<OverseerApp> {
  const repository = repositoryKey(run.app);
  for (const other of run.services.apps.values()) {
    if (appKey(other.metadata) === run.key || repositoryKey(other) !== repository) continue;
    if (!other.metadata.deletionTimestamp) yield other;
  }
}
