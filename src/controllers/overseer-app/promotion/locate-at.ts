import { OverseerError } from "../../../base/errors.js";
import type { GitSnapshot } from "../../../git/engine.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";
import { isProblem, keysWith, type LocatedInputs, renderRequest, repositoryKey } from "../source/locate-inputs.js";
import { withSubmodules } from "../source/submodules.js";

/** Locates the inputs of an app at a commit of its ref, which is fetched if needed. `head` are the inputs at the newest commit. */
export async function locateAt(run: AppRun, head: LocatedInputs, commit: string): Promise<LocatedInputs | Problem> {
  if (commit === head.inputs.commit) return head;
  const { services, app, memory } = run;
  try {
    const snapshot = await openCommit(run, head, commit);
    if (snapshot === undefined)
      return unavailable(`commit ${commit} of GitRepository ${repositoryKey(app)} cannot be fetched any more`);
    const { source } = head.inputs;
    // Documents at this commit may refer to other values.
    const request = source.secretStores?.length ? await renderRequest(run, source, { snapshot }) : head.request;
    memory.promoted = await services.renderer.locate(request, snapshot, memory.promoted);
    const inputs = {
      ...head.inputs,
      ...keysWith(memory.promoted, head.inputs),
      commit,
      revision: head.inputs.revision.replace(/sha1:[0-9a-f]+$/, `sha1:${commit}`),
    };
    return { ...head, inputs, snapshot, request };
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return { stage: "Source", reason: error.reason, message: error.message, terminal: false };
  }
}

async function openCommit(run: AppRun, { remote }: LocatedInputs, commit: string): Promise<GitSnapshot | undefined> {
  const { engine, repositories } = run.services;
  const known = await engine.open(remote, commit);
  if (!known) await engine.fetch(remote, { commit, ref: undefined, tenant: run.app.metadata.namespace }, run.signal);
  const snapshot = known ?? (await engine.open(remote, commit));
  return snapshot && withSubmodules(run, repositories.get(repositoryKey(run.app)), remote, snapshot);
}

function unavailable(message: string): Problem {
  return { stage: "Source", reason: "RevisionLost", message, terminal: false };
}

/** Returns the located inputs; throws what prevents them. For callers that count a failure as a fact that is missing. */
export function locatedOrThrow(located: LocatedInputs | Problem): LocatedInputs {
  if (isProblem(located)) throw new UnlocatedError(located.message);
  return located;
}

/** The inputs at a commit cannot be located. */
export class UnlocatedError extends Error {}
