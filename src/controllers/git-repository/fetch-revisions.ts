import type { GitRef } from "../../api/git-ref.js";
import type { GitRepository } from "../../api/git-repository.js";
import { withDeadline } from "../../base/deadline.js";
import { OverseerError } from "../../base/errors.js";
import { isGitError, type RemoteRefs, type ResolvedRef, refPrefixes, resolveRef } from "../../git/index.js";
import { recordRepository } from "./record-status.js";
import { releaseRepository } from "./release-repository.js";
import type { RepositoryPoll } from "./repository-poll.js";
import { remoteOf } from "./repository-remote.js";
import { refKey } from "./revision-index.js";
import type { GitRepositoryServices } from "./services.js";
import { mayStay } from "./verify/may-stay.js";

/** The poll of one ref. `silence`: why the server did not respond for an earlier one. */
interface RefPoll extends RepositoryPoll {
  readonly silence: OverseerError | undefined;
}

/** After two of these, the server is not asked for further refs in the same poll: each would take as long. One may be a large commit. */
const SILENCE = ["GIT_TIMEOUT", "GIT_BUSY", "GIT_UNREACHABLE"] as const;

/**
 * Resolves and fetches every requested ref, and records its commit. Returns the error of the repository's own ref, if any, which
 * decides its status. Errors of an app's ref are reported by that app.
 */
export async function fetchRevisions(
  services: GitRepositoryServices,
  poll: RepositoryPoll,
  refs: readonly GitRef[],
  remoteRefs: RemoteRefs,
): Promise<OverseerError | undefined> {
  const { index } = services;
  const { key, remote } = poll;
  const ownKey = refKey(poll.repository.spec.ref);
  let changed = false;
  let own: OverseerError | undefined;
  let silence: OverseerError | undefined;
  let isSlow = false;
  for (const ref of refs) {
    const before = index.get(key, ref)?.resolved;
    try {
      const asked = { ...poll, silence };
      const target = await resolveAt(services, asked, ref, remoteRefs);
      const onDemand = await fetchCommit(services, asked, target, refKey(ref) === ownKey);
      const tag = target.ref === undefined ? undefined : remoteRefs.tags?.get(target.ref);
      const candidate = { ref, target, tag, before: before?.verified };
      const verified = await services.verifier.verify(services, poll, candidate);
      const { recurseSubmodules } = poll.repository.spec;
      const resolved = {
        ...{ remote, commit: target.commit, revision: target.revision },
        ...(recurseSubmodules === undefined ? {} : { recurseSubmodules }),
        ...(onDemand ? { onDemand } : {}),
        ...(verified ? { verified } : {}),
      };
      changed = index.set(key, ref, { resolved, error: undefined }) || changed;
    } catch (error) {
      if (!(error instanceof OverseerError)) throw error;
      if (isGitError(error, ...SILENCE)) {
        if (isSlow) silence = error;
        isSlow = true;
      }
      const resolved = before && (await mayStay(services, poll, ref, before)) ? before : undefined;
      changed = index.set(key, ref, { resolved, error, remote }) || changed;
      if (refKey(ref) === ownKey) own = error;
    }
  }
  if (changed) services.onRevision(key);
  return own;
}

/** Resolves a ref. If it does not exist, lists all refs so that the error can suggest similar ones, unless there are too many. */
async function resolveAt(
  services: GitRepositoryServices,
  { remote, signal, limit, silence }: RefPoll,
  ref: GitRef,
  remoteRefs: RemoteRefs,
): Promise<ResolvedRef> {
  try {
    return resolveRef(ref, remoteRefs);
  } catch (error) {
    if (silence || !isGitError(error, "GIT_REF_NOT_FOUND", "GIT_EMPTY_REPOSITORY")) throw error;
    const { clock, engine } = services;
    const all = await withDeadline({ ...limit, clock, signal }, (within) =>
      engine.listRefs(remote, refPrefixes([ref], true), within),
    ).catch((wide: unknown) => {
      throw isGitError(wide, "GIT_TOO_LARGE") ? error : wide;
    });
    return resolveRef(ref, all);
  }
}

/** Returns whether the files of the commit are fetched when they are read. */
async function fetchCommit(
  services: GitRepositoryServices,
  poll: RefPoll,
  target: ResolvedRef,
  own: boolean,
): Promise<boolean> {
  const { engine, clock, index } = services;
  const { remote, repository, signal, limit } = poll;
  const stored = await engine.open(remote, target.commit);
  if (stored !== undefined) return stored.onDemand === true;
  if (poll.silence) throw poll.silence;
  if (own && repository.status?.revision === undefined && !hasFailed(repository)) {
    const outcome = { kind: "fetching", revision: target.revision } as const;
    await recordRepository(services, repository, repository.status ?? {}, outcome);
  }
  const started = clock.monotonic();
  const seconds = (): number => (clock.monotonic() - started) / 1000;
  let onDemand = false;
  try {
    const wanted = { commit: target.commit, ref: target.ref, tenant: repository.metadata.namespace };
    const fetch = () => engine.fetch(remote, wanted, signal, limit);
    const result = await fetch().catch(async (error: unknown) => {
      if (!isGitError(error, "GIT_CACHE_FULL")) throw error;
      await releaseRepository(services);
      return fetch();
    });
    onDemand = result.onDemand === true;
    services.observer.fetched("success", seconds(), result.bytes);
    poll.logger.info("fetched", { revision: target.revision, bytes: result.bytes, objects: result.objects });
  } catch (error) {
    services.observer.fetched("failure", seconds(), 0);
    throw error;
  }
  const known = [...index.revisions()].filter((revision) => revision.remote.id === remote.id);
  await engine.retain(remote, [
    target.commit,
    ...known.map((revision) => revision.commit),
    ...services.commitsInUse(remote.id),
  ]);
  return onDemand;
}

/**
 * Reports whether the last attempt for the same spec failed. Its reason is kept until an attempt succeeds; Reconciling is already
 * set.
 */
function hasFailed({ metadata, status }: GitRepository): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "False" && status?.observedGeneration === metadata.generation;
}

/**
 * Records a failed poll. After a start with an unreachable remote, the revision of the status stays in use if the store on disk
 * still contains it. Returns whether a revision stays in use.
 */
export async function keepRevision(
  services: GitRepositoryServices,
  key: string,
  repository: GitRepository,
  error: OverseerError | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { index, engine } = services;
  const { ref } = repository.spec;
  let resolved = index.get(key, ref)?.resolved;
  let remote = index.remoteOf(key, ref);
  const revision = repository.status?.revision;
  const commit = revision?.split("sha1:")[1];
  try {
    if (!resolved && revision !== undefined && commit !== undefined) {
      remote ??= await remoteOf(services, repository);
      if (await engine.open(remote, commit)) resolved = { remote, commit, revision };
    }
    if (resolved && !(await mayStay(services, { repository, signal }, ref, resolved))) resolved = undefined;
  } catch (problem) {
    if (!(problem instanceof OverseerError)) throw problem;
  }
  if (index.set(key, ref, { resolved, error, ...(remote ? { remote } : {}) })) services.onRevision(key);
  return resolved !== undefined;
}
