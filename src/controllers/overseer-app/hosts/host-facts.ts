import type { HostFacts } from "../../../gates/hosts/host-facts.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";
import { inputChanges, isSourceEdited, wholeHistory } from "./input-changes.js";

/** Returns what gates may ask the Git host of an app's repository; undefined if the repository does not exist. Sends no request by itself. */
export function hostFactsOf(run: AppRun, { inputs }: Pick<Rendered, "inputs">): HostFacts | undefined {
  const { services, app, signal } = run;
  const repository = services.repositories.get(repositoryKey(app));
  if (repository === undefined) return undefined;
  const ref = app.spec.source.ref ?? repository.spec.ref;
  const followsHead = Object.keys(ref ?? {}).length === 0;
  const branch = ref?.branch ?? (followsHead ? inputs.revision.split("@sha1:")[0] : undefined);
  return {
    branch,
    isSourceEdited: isSourceEdited(run, inputs.source),
    changesToReview: async () =>
      run.status.applied === undefined
        ? wholeHistory(run, inputs.commit)
        : { commits: (await inputChanges(run, inputs.commit)).commits, isComplete: true },
    pullRequestsOf: (commit) => services.hosts.pullRequestsOf(repository, commit, signal),
    checksOf: (commit) => services.hosts.checksOf(repository, commit, signal),
  };
}
