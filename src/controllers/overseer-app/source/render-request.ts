import type { AppSource } from "../../../api/inputs.js";
import { hmacSha256 } from "../../../base/hash.js";
import type { GitSnapshot } from "../../../git/engine.js";
import { normalisePath } from "../../../render/repository-path.js";
import type { RenderRequest, RenderTarget, SourceSelection } from "../../../render/request.js";
import type { AppRun } from "../run.js";
import { readExternalValues } from "./external-values.js";
import type { RelatedRepository } from "./related-repositories.js";
import { remoteBaseOpener } from "./remote-bases.js";
import { withStoredSecrets } from "./stored-secrets.js";

/** Returns `namespace/name` of the repository of an app. */
export function repositoryKey(app: AppRun["app"]): string {
  const { name, namespace } = app.spec.source.repositoryRef;
  return `${namespace ?? app.metadata.namespace}/${name}`;
}

/** Returns the namespace for namespaced documents that do not set one. */
export function defaultNamespace(app: AppRun["app"]): string {
  return app.spec.destination.kubernetes?.namespace ?? app.metadata.namespace;
}

/** Returns what of a source says how a commit is rendered: all that is set, except for what names the commit and what is waited for. */
export function selectionOf(source: AppSource): SourceSelection {
  const { repositoryRef: _, ref: __, env: ___, requiredSecrets: ____, path, overlay, ...rest } = source;
  const settings: Omit<SourceSelection, "path" | "overlay"> = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => isSet(value)),
  );
  return {
    ...settings,
    path: normalisePath(path),
    ...(overlay === undefined ? {} : { overlay: normalisePath(overlay) }),
  };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}

/** Returns the variables of a source for Compose documents. */
export function variablesOf({ env = [] }: AppSource): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

/** Returns the type of destination to render for. */
export function renderTarget({ spec }: Pick<AppRun["app"], "spec">): RenderTarget {
  return spec.destination.overseer === undefined ? "kubernetes" : "overseer";
}

/** What a render request is for. */
export interface RequestOptions {
  /** Whether the source was applied, and so permitted, before. Defaults to false. */
  readonly isApplied?: boolean;
  /** Called with the repository of each remote base that is opened. */
  readonly onOpen?: (repository: RelatedRepository) => void;
  /** The commit, for what its documents refer to in secret stores; undefined if these are not needed. */
  readonly snapshot?: GitSnapshot;
  /** Whether values of stores are read again, if the source has changed. Defaults to false. */
  readonly isNewest?: boolean;
}

/**
 * Returns the render request for a current or earlier source of this app, with the current values of its ConfigMaps, Secrets and
 * secret stores.
 *
 * @throws OverseerError if one of these cannot be read.
 */
export async function renderRequest(
  run: AppRun,
  source: AppSource,
  { isApplied = false, onOpen, snapshot, isNewest = false }: RequestOptions = {},
): Promise<RenderRequest> {
  const { destination, app, signal } = run;
  const repository = run.services.repositories.get(repositoryKey(app));
  const remote = run.services.index.remoteOf(repositoryKey(app), source.ref ?? repository?.spec.ref);
  const asksBases = source.kustomize?.allowRemoteBases === true && repository !== undefined && remote !== undefined;
  const requireCommits = repository?.spec.verify !== undefined && !isApplied;
  const request: RenderRequest = {
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
  return snapshot === undefined ? request : withStoredSecrets(run, source, request, snapshot, isNewest);
}

/** Hashes what pods use. Nothing can be guessed from it without the digest key of the operator. */
function checksum({ services, ref }: AppRun, text: string): string {
  return hmacSha256(services.digestKey, `config-checksum ${ref.namespace}/${ref.name} ${text}`, 32);
}
