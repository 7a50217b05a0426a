import type { GitRepository } from "../../../api/git-repository.js";
import type { Inputs } from "../../../api/inputs.js";
import { allowsNamespace } from "../../../api/namespaces.js";
import type { ConditionReason } from "../../../api/reasons.js";
import { OverseerError } from "../../../base/errors.js";
import { canonicalJson, sha256 } from "../../../base/hash.js";
import type { GitRemote, GitSnapshot } from "../../../git/engine.js";
import type { InputKeys as RenderKeys } from "../../../render/input-key.js";
import type { RenderRequest } from "../../../render/request.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";
import { renderRequest, repositoryKey } from "./render-request.js";
import { sourceTooLarge } from "./source-size.js";
import { withSubmodules } from "./submodules.js";

export {
  defaultNamespace,
  renderRequest,
  renderTarget,
  repositoryKey,
  selectionOf,
  variablesOf,
} from "./render-request.js";

/** The current inputs of an app, and where to read them. */
export interface LocatedInputs {
  readonly inputs: Inputs;
  readonly remote: GitRemote;
  readonly snapshot: GitSnapshot;
  readonly request: RenderRequest;
}

/**
 * Locates the app's inputs: the commit of its ref, and the key of everything that a render reads. The key contains the tree id
 * at the path instead of the commit, so that a commit that does not touch the app changes nothing.
 */
export async function locateInputs(run: AppRun): Promise<LocatedInputs | Problem> {
  const { services, app } = run;
  const key = repositoryKey(app);
  const repository = services.repositories.get(key);
  const refused = checkRepository(run, key, repository);
  if (refused) return refused;
  const { source } = app.spec;
  const tooLarge = sourceTooLarge(source);
  if (tooLarge !== undefined) return sourceProblem("SourceTooLarge", tooLarge, true);
  const state = services.index.get(key, source.ref ?? repository?.spec.ref);
  if (!state?.resolved) return notResolved(key, repository, state?.error);
  const { resolved } = state;
  const opened = await services.engine.open(resolved.remote, resolved.commit);
  if (!opened)
    return sourceProblem(
      "RevisionNotFetched",
      `${resolved.revision} of GitRepository ${key} has not been fetched yet`,
      false,
    );
  const snapshot = withSubmodules(run, repository, resolved.remote, opened);
  try {
    const request = await renderRequest(run, source, { snapshot, isNewest: true });
    run.memory.located = await services.renderer.locate(request, snapshot, run.memory.located);
    const sync = syncInputs(app.spec.sync ?? {});
    const inputs: Inputs = {
      ...keysWith(run.memory.located, sync),
      revision: resolved.revision,
      commit: resolved.commit,
      source,
      ...sync,
    };
    return { inputs, remote: resolved.remote, snapshot, request };
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return sourceProblem(error.reason, error.message, error.class === "terminal");
  }
}

/** The fields of a sync policy that decide what is applied. */
export type SyncInputs = Pick<Inputs, "ignoreDifferences" | "createNamespace">;

function syncInputs({ ignoreDifferences, createNamespace }: SyncInputs): SyncInputs {
  return {
    ...(ignoreDifferences?.length ? { ignoreDifferences } : {}),
    ...(createNamespace ? { createNamespace } : {}),
  };
}

/** Returns a key of inputs: that of the render, and of the sync policy as far as it decides what is applied. */
function keyWith(key: string, { ignoreDifferences: rules = [], createNamespace }: SyncInputs): string {
  if (rules.length === 0 && createNamespace === undefined) return key;
  return sha256(canonicalJson([key, rules, ...(createNamespace ? [createNamespace] : [])]), key.length);
}

/** Returns the keys of inputs, from those of the render. */
export function keysWith({ key, sourceKey }: RenderKeys, sync: SyncInputs): RenderKeys {
  return { key: keyWith(key, sync), sourceKey: keyWith(sourceKey, sync) };
}

function checkRepository(run: AppRun, key: string, repository: GitRepository | undefined): Problem | undefined {
  const [repositoryNamespace = ""] = key.split("/");
  if (!run.services.repositories.follows(repositoryNamespace)) {
    return sourceProblem(
      "RepositoryNotFound",
      `GitRepository ${key} is in a namespace that this installation or shard does not watch: add ${repositoryNamespace} to --watch-namespaces, or to the same group of --shards, or create a GitRepository in namespace ${run.ref.namespace}`,
      true,
    );
  }
  if (!repository || repository.metadata.deletionTimestamp) {
    return sourceProblem(
      "RepositoryNotFound",
      `GitRepository ${key} does not exist: create it, or correct spec.source.repositoryRef`,
      false,
    );
  }
  const { namespace } = run.ref;
  if (allowsNamespace(repository, namespace)) return undefined;
  return sourceProblem(
    "RepositoryNotAllowed",
    `GitRepository ${key} does not allow namespace ${namespace}: add it to the repository's spec.allowedNamespaces`,
    true,
  );
}

function notResolved(key: string, repository: GitRepository | undefined, error: OverseerError | undefined): Problem {
  if (error) return sourceProblem(error.reason, `GitRepository ${key}: ${error.message}`, false);
  const suspended = repository?.spec.suspend ? " (it is suspended)" : "";
  return sourceProblem("RepositoryNotReady", `GitRepository ${key} has no revision yet${suspended}`, false);
}

function sourceProblem(reason: ConditionReason, message: string, terminal: boolean): Problem {
  return { stage: "Source", reason, message, terminal };
}

/** Reports whether a result is a problem. */
export function isProblem(result: object): result is Problem {
  return "stage" in result;
}
