import type { GitRepository } from "../../../api/git-repository.js";
import type { AppSource, Inputs } from "../../../api/inputs.js";
import { allowsNamespace } from "../../../api/namespaces.js";
import type { ConditionReason } from "../../../api/reasons.js";
import { OverseerError } from "../../../base/errors.js";
import { canonicalJson, hmacSha256, sha256 } from "../../../base/hash.js";
import type { GitRemote, GitSnapshot } from "../../../git/engine.js";
import { normalisePath } from "../../../render/repository-path.js";
import type { RenderRequest, RenderTarget, SourceSelection } from "../../../render/request.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";
import { readExternalValues } from "./external-values.js";
import type { RelatedRepository } from "./related-repositories.js";
import { remoteBaseOpener } from "./remote-bases.js";
import { sourceTooLarge } from "./source-size.js";
import { withSubmodules } from "./submodules.js";

/** The current inputs of an app, and where to read them. */
export interface LocatedInputs {
  readonly inputs: Inputs;
  readonly remote: GitRemote;
  readonly snapshot: GitSnapshot;
  readonly request: RenderRequest;
}

/** Returns `namespace/name` of the repository of an app. */
export function repositoryKey(app: AppRun["app"]): string {
  const { name, namespace } = app.spec.source.repositoryRef;
  return `${namespace ?? app.metadata.namespace}/${name}`;
}

/** Returns the namespace for namespaced documents that do not set one. */
export function defaultNamespace(app: AppRun["app"]): string {
  return app.spec.destination.kubernetes?.namespace ?? app.metadata.namespace;
}

/** Returns the selection of files and renderer options of a source. */
export function selectionOf({
  path,
  include,
  exclude,
  overlay,
  compose,
  plain,
  kustomize,
  helm,
  patches,
  substitute,
  commonMetadata,
  decryption,
  refusePlaintextSecrets,
  restart,
  unseal,
}: AppSource): SourceSelection {
  return {
    path: normalisePath(path),
    ...(include ? { include } : {}),
    ...(exclude ? { exclude } : {}),
    ...(overlay === undefined ? {} : { overlay: normalisePath(overlay) }),
    ...(compose ? { compose } : {}),
    ...(plain ? { plain } : {}),
    ...(kustomize ? { kustomize } : {}),
    ...(helm ? { helm } : {}),
    ...(patches?.length ? { patches } : {}),
    ...(substitute ? { substitute } : {}),
    ...(commonMetadata ? { commonMetadata } : {}),
    ...(decryption ? { decryption } : {}),
    ...(restart ? { restart } : {}),
    ...(unseal ? { unseal } : {}),
    ...(refusePlaintextSecrets ? { refusePlaintextSecrets } : {}),
  };
}

/** What a render request is for. */
export interface RequestOptions {
  /** Whether the source was applied, and so permitted, before. Defaults to false. */
  readonly isApplied?: boolean;
  /** Called with the repository of each remote base that is opened. */
  readonly onOpen?: (repository: RelatedRepository) => void;
}

/**
 * Returns the render request for a current or earlier source of this app, with the current values of its ConfigMaps and Secrets.
 *
 * @throws OverseerError if one of these cannot be read.
 */
export async function renderRequest(
  run: AppRun,
  source: AppSource,
  { isApplied = false, onOpen }: RequestOptions = {},
): Promise<RenderRequest> {
  const { destination, app, signal } = run;
  const repository = run.services.repositories.get(repositoryKey(app));
  const remote = run.services.index.remoteOf(repositoryKey(app), source.ref ?? repository?.spec.ref);
  const asksBases = source.kustomize?.allowRemoteBases === true && repository !== undefined && remote !== undefined;
  const requireCommits = repository?.spec.verify !== undefined && !isApplied;
  return {
    source: selectionOf(source),
    name: app.metadata.name,
    defaultNamespace: defaultNamespace(app),
    target: renderTarget(app),
    env: variablesOf(source),
    external: await readExternalValues(run, source),
    checksums: { digest: (text) => checksum(run, text), namespace: run.ref.namespace },
    recurseSubmodules: repository?.spec.recurseSubmodules === true,
    ...(asksBases
      ? {
          openRemoteBase: remoteBaseOpener(run, repository, remote, { requireCommits, onOpen }),
          remoteBasesByCommit: requireCommits,
        }
      : {}),
    cluster: () => destination.clusterFacts?.(),
    scopeOf: (kind) => destination.scopeOf(kind),
    hasStatusSubresource: (kind) => destination.hasStatus(kind),
    signal,
  };
}

/** Hashes what pods use. Nothing can be guessed from it without the digest key of the operator. */
function checksum({ services, ref }: AppRun, text: string): string {
  return hmacSha256(services.digestKey, `config-checksum ${ref.namespace}/${ref.name} ${text}`, 32);
}

/** Returns the variables of a source for Compose documents. */
export function variablesOf({ env = [] }: AppSource): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

/** Returns the type of destination to render for. */
export function renderTarget({ spec }: Pick<AppRun["app"], "spec">): RenderTarget {
  return spec.destination.overseer === undefined ? "kubernetes" : "overseer";
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
    const request = await renderRequest(run, source);
    run.memory.located = await services.renderer.locate(request, snapshot, run.memory.located);
    const sync = syncInputs(app.spec.sync ?? {});
    const inputs: Inputs = {
      key: keyWith(run.memory.located.key, sync),
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

/** Returns the key of inputs: that of the render, and of the sync policy as far as it decides what is applied. */
export function keyWith(key: string, { ignoreDifferences: rules = [], createNamespace }: SyncInputs): string {
  if (rules.length === 0 && createNamespace === undefined) return key;
  return sha256(canonicalJson([key, rules, ...(createNamespace ? [createNamespace] : [])]), key.length);
}

function checkRepository(run: AppRun, key: string, repository: GitRepository | undefined): Problem | undefined {
  const [repositoryNamespace = ""] = key.split("/");
  if (!run.services.repositories.follows(repositoryNamespace)) {
    return sourceProblem(
      "RepositoryNotFound",
      `GitRepository ${key} is in a namespace that this installation does not watch: add ${repositoryNamespace} to --watch-namespaces, or create a GitRepository in namespace ${run.ref.namespace}`,
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
