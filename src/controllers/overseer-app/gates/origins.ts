import type { Change, ChangeCause } from "../../../api/change.js";
import type { Environment } from "../../../api/environment.js";
import type { GitRepository } from "../../../api/git-repository.js";
import type { Inputs } from "../../../api/inputs.js";
import { messageOf } from "../../../base/errors.js";
import { type Authors, authorsOf, type CommitOrigin, type Origins } from "../../../gates/authors.js";
import { UnfinishedError } from "../../../gates/hosts/host-facts.js";
import { hostFactsOf } from "../hosts/host-facts.js";
import { inputChanges, isSourceEdited } from "../hosts/input-changes.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";
import { remoteOf } from "../source/render.js";

/** The authors of a Change, as each Environment with `forbidAuthor` knows them. Found out at the first call; sends requests. */
export type AuthorsFor = (environment: Environment) => Promise<Authors | undefined>;

/** A Change whose authors are to be found. */
interface Judged {
  readonly inputs: Inputs;
  readonly cause: ChangeCause;
  readonly open: Change | undefined;
}

/** Returns who the authors of a Change are. The origins are read once, however many Environments ask. */
export function authorsFor(run: AppRun, judged: Judged): AuthorsFor {
  let origins: Promise<Origins | Error> | undefined;
  return async ({ spec }) => {
    if (spec.gates?.approval?.forbidAuthor !== true) return undefined;
    const { requester } = judged.open?.spec ?? {};
    origins ??= originsOf(run, judged, requester).catch((error: unknown) =>
      error instanceof Error ? error : new Error(messageOf(error)),
    );
    const found = await origins;
    run.signal.throwIfAborted();
    if (found instanceof Error) return { persons: new Map(), unknown: [found.message], unrecorded: undefined };
    return authorsOf(found, spec.identities ?? []);
  };
}

async function originsOf(run: AppRun, judged: Judged, requester: string | undefined): Promise<Origins> {
  const { inputs, cause } = judged;
  const host = hostNameOf(run);
  const nothing = { host, commits: [], requester };
  if (cause === "Deletion") return { ...nothing, unrecorded: "the deletion of the app" };
  // Inputs that were applied before have passed this gate before.
  if (cause === "Rollback") return { ...nothing, unrecorded: undefined };
  const repository = run.services.repositories.get(repositoryKey(run.app));
  if (repository === undefined) throw new Error(`GitRepository ${repositoryKey(run.app)} is not known`);
  const { commits, isOtherwiseChanged } = await changesOf(run, inputs.commit);
  const origins: CommitOrigin[] = [];
  for (const commit of commits) origins.push(await originOf(run, repository, inputs, commit));
  return { host, commits: origins, requester, unrecorded: unrecordedOf(run, judged, isOtherwiseChanged) };
}

async function changesOf(run: AppRun, commit: string): ReturnType<typeof inputChanges> {
  try {
    return await inputChanges(run, commit);
  } catch (error) {
    // No event tells that the comparison can go on.
    if (error instanceof UnfinishedError) run.requeueAfter(1_000);
    throw error;
  }
}

/** What a Change comes from besides commits. Kubernetes does not record who has edited an object. */
function unrecordedOf(run: AppRun, { inputs, cause }: Judged, isOtherwiseChanged: boolean): string | undefined {
  if (run.status.applied === undefined) return "the creation of the app";
  if (cause === "Spec" || isSourceEdited(run, inputs.source)) return "an edit of the app";
  return isOtherwiseChanged ? "an edit of a ConfigMap or Secret" : undefined;
}

async function originOf(run: AppRun, repository: GitRepository, inputs: Inputs, commit: string): Promise<CommitOrigin> {
  const facts = hostFactsOf(run, { inputs });
  const hasHost = repository.spec.provider !== undefined;
  const pulls = facts !== undefined && hasHost ? await facts.pullRequestsOf(commit) : [];
  const own = pulls.filter(({ base }) => facts?.branch === undefined || base === facts.branch);
  const remote = remoteOf(run);
  const key = remote && (await run.services.signers.keyOf(repository, remote, commit, run.signal));
  return { commit, pulls: own, key };
}

function hostNameOf({ app, services }: AppRun): string {
  const url = services.repositories.get(repositoryKey(app))?.spec.url ?? "";
  try {
    const { host, hostname, protocol } = new URL(url);
    return protocol === "ssh:" ? hostname : host;
  } catch {
    // An address of SSH such as git@example.com:shop/apps.git.
    return /^(?:[^@/]+@)?([^:/]+):/.exec(url)?.[1] ?? "";
  }
}
