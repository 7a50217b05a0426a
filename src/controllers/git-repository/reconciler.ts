import { type Condition, mergeConditions } from "../../api/conditions.js";
import type { GitRef } from "../../api/git-ref.js";
import type { GitRepository, GitRepositoryStatus } from "../../api/git-repository.js";
import { ANNOTATION_RECONCILE_AT } from "../../api/group.js";
import { type BackoffPolicy, backoffDelay, jitter } from "../../base/backoff.js";
import { type Clock, rfc3339 } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import { parseDuration } from "../../base/duration.js";
import { isTerminal, OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import {
  credentialFromSecret,
  type GitEngine,
  type GitRemote,
  gitRemote,
  refPrefixes,
  resolveRef,
} from "../../git/index.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import type { SecretCache } from "../secret-cache.js";
import { type RepositoryOutcome, repositoryConditions } from "./conditions.js";
import { type RevisionIndex, refKey } from "./revision-index.js";
import type { SharedPolls } from "./shared-polls.js";

/** What the reconciler works with. */
export interface GitRepositoryServices {
  readonly clock: Clock;
  readonly repositories: ResourceCache<GitRepository>;
  readonly secrets: SecretCache;
  readonly engine: GitEngine;
  readonly polls: SharedPolls;
  readonly index: RevisionIndex;
  readonly status: StatusWriter;
  readonly events: EventSink;
  /** Key of digests of credentials. */
  readonly digestKey: string;
  /** Refs that apps want of a repository besides its own. */
  readonly wantedRefs: (repository: string) => readonly GitRef[];
  /** Told when a ref of a repository is at another commit, or cannot be had any more. */
  readonly onRevision: (repository: string) => void;
  readonly onReady: (repository: GitRepository, status: GitRepositoryStatus) => void;
  readonly onFetch: (result: "success" | "failure", seconds: number, bytes: number) => void;
}

/** What is remembered of a repository between two looks; lost with the process without harm. */
interface Memory {
  /** Monotonic time of the next poll. */
  nextPoll: number;
  /** What the last poll was made for: another generation, credential or set of refs polls again at once. */
  polledFor: string;
  failures: number;
}

/** Delay after failed polls; never longer than the interval. */
const BACKOFF: BackoffPolicy = { baseMs: 2_000, factor: 2, maxMs: 30 * 60_000 };
/** Two repositories with one remote share a poll that is at most this share of the interval old. */
const SHARE_POLL = 0.9;

/** Polls a repository's refs, fetches what is new, and says which revision is in use. */
export class GitRepositoryReconciler {
  readonly #services: GitRepositoryServices;
  readonly #memory = new Map<string, Memory>();

  constructor(services: GitRepositoryServices) {
    this.#services = services;
  }

  /** Brings one repository up to date. */
  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const repository = this.#services.repositories.get(key);
    if (!repository || repository.metadata.deletionTimestamp) {
      this.#memory.delete(key);
      this.#services.index.forget(key);
      this.#services.onRevision(key);
      return {};
    }
    if (repository.spec.suspend) {
      await this.#restoreIndex(key, repository, undefined);
      await this.#record(repository, repository.status ?? {}, undefined);
      return {};
    }
    const memory = this.#memory.get(key) ?? { nextPoll: 0, polledFor: "", failures: 0 };
    this.#memory.set(key, memory);
    try {
      return await this.#poll(key, repository, memory, logger, signal);
    } catch (error) {
      if (!(error instanceof OverseerError) || signal.aborted) throw error;
      return await this.#failed(key, repository, memory, error);
    }
  }

  async #poll(
    key: string,
    repository: GitRepository,
    memory: Memory,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<ReconcileResult> {
    const { clock, polls } = this.#services;
    const remote = await this.#remote(repository);
    const refs = uniqueRefs([repository.spec.ref, ...this.#services.wantedRefs(key)]);
    const purpose = [repository.metadata.generation, remote.id, ...refs.map(refKey)].join("\n");
    const asked =
      requestedAt(repository) !== repository.status?.lastHandledReconcileAt && requestedAt(repository) !== undefined;
    const now = clock.monotonic();
    const interval = parseDuration(repository.spec.interval) ?? 180_000;
    if (!asked && purpose === memory.polledFor && now < memory.nextPoll) {
      await this.#record(repository, repository.status ?? {}, undefined);
      return { requeueAfterMs: memory.nextPoll - now };
    }
    const fresh = asked || purpose !== memory.polledFor;
    const timeout = AbortSignal.timeout(parseDuration(repository.spec.timeout) ?? 60_000);
    const remoteRefs = await polls.list(remote, refPrefixes(refs), fresh ? 0 : interval * SHARE_POLL, timeout);
    memory.polledFor = purpose;
    memory.nextPoll = clock.monotonic() + jitter(interval, 0.1, Math.random());
    await this.#resolveAll(key, repository, remote, refs, remoteRefs, logger, timeout);
    memory.failures = 0;
    if (signal.aborted) return {};
    return { requeueAfterMs: Math.max(0, memory.nextPoll - clock.monotonic()) };
  }

  /** Resolves and fetches every wanted ref. The repository's own decides its status; an app's own ref is the app's matter. */
  async #resolveAll(
    key: string,
    repository: GitRepository,
    remote: GitRemote,
    refs: readonly (GitRef | undefined)[],
    remoteRefs: Parameters<typeof resolveRef>[1],
    logger: Logger,
    signal: AbortSignal,
  ): Promise<void> {
    const { index } = this.#services;
    let changed = false;
    let own: OverseerError | undefined;
    for (const ref of refs) {
      try {
        const target = resolveRef(ref ?? {}, remoteRefs);
        await this.#fetch(repository, remote, target, refKey(ref) === refKey(repository.spec.ref), logger, signal);
        changed =
          index.set(key, ref, {
            resolved: { remote, commit: target.commit, revision: target.revision },
            error: undefined,
          }) || changed;
      } catch (error) {
        if (!(error instanceof OverseerError)) throw error;
        changed = index.set(key, ref, { resolved: index.get(key, ref)?.resolved, error }) || changed;
        if (refKey(ref) === refKey(repository.spec.ref)) own = error;
      }
    }
    if (changed) this.#services.onRevision(key);
    if (own) throw own;
    await this.#succeeded(key, repository);
  }

  async #fetch(
    repository: GitRepository,
    remote: GitRemote,
    target: ReturnType<typeof resolveRef>,
    own: boolean,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, clock } = this.#services;
    if (await engine.open(remote, target.commit)) return;
    if (own && repository.status?.revision === undefined) {
      await this.#record(repository, repository.status ?? {}, { kind: "fetching", revision: target.revision });
    }
    const started = clock.monotonic();
    try {
      const result = await engine.fetch(remote, { commit: target.commit, ref: target.ref }, signal);
      this.#services.onFetch("success", (clock.monotonic() - started) / 1000, result.bytes);
      logger.info("fetched", { revision: target.revision, bytes: result.bytes, objects: result.objects });
    } catch (error) {
      this.#services.onFetch("failure", (clock.monotonic() - started) / 1000, 0);
      throw error;
    }
  }

  async #succeeded(key: string, repository: GitRepository): Promise<void> {
    const { engine, index, events, clock } = this.#services;
    const resolved = index.get(key, repository.spec.ref)?.resolved;
    if (!resolved) return;
    const before = repository.status ?? {};
    const isNew = before.revision !== resolved.revision;
    const snapshot =
      isNew || before.commit === undefined ? await engine.open(resolved.remote, resolved.commit) : undefined;
    const commit = snapshot?.commit;
    const status: GitRepositoryStatus = {
      ...before,
      revision: resolved.revision,
      ...(commit
        ? {
            commit: {
              id: commit.id,
              author: cutText(commit.author, 256),
              message: cutText(commit.message.split("\n", 1)[0] ?? "", 256),
              time: rfc3339(commit.time * 1000),
            },
          }
        : {}),
      ...(isNew ? { lastFetchTime: rfc3339(clock.now()) } : {}),
    };
    await this.#record(repository, status, { kind: "fetched", revision: resolved.revision });
    if (!isNew) return;
    const title = commit ? `: ${commit.message.split("\n", 1)[0]}` : "";
    events.record(subject(repository), {
      type: "Normal",
      reason: "NewRevision",
      action: "Fetch",
      message: `fetched ${resolved.revision}${title}`,
    });
  }

  async #failed(
    key: string,
    repository: GitRepository,
    memory: Memory,
    error: OverseerError,
  ): Promise<ReconcileResult> {
    const { events, clock } = this.#services;
    memory.failures++;
    const revision = repository.status?.revision;
    await this.#restoreIndex(key, repository, error);
    const wasReady = repository.status?.conditions?.find((condition) => condition.type === "Ready");
    const outcome: RepositoryOutcome = {
      kind: "failed",
      reason: error.reason,
      message: error.message,
      terminal: isTerminal(error),
      revision,
    };
    await this.#record(repository, repository.status ?? {}, outcome);
    if (wasReady?.reason !== error.reason) {
      events.record(subject(repository), {
        type: "Warning",
        reason: error.reason,
        action: "Fetch",
        message: error.message,
      });
    }
    const interval = parseDuration(repository.spec.interval) ?? 180_000;
    const delay = Math.max(
      Math.min(backoffDelay(BACKOFF, memory.failures), Math.max(interval, 1_000)),
      error.retryAfterMs ?? 0,
    );
    memory.nextPoll = clock.monotonic() + jitter(delay, 0.1, Math.random());
    return { requeueAfterMs: Math.max(0, memory.nextPoll - clock.monotonic()) };
  }

  /** After a start with an unreachable remote: the revision of the status serves, if the store on disk still has it. */
  async #restoreIndex(key: string, repository: GitRepository, error: OverseerError | undefined): Promise<void> {
    const { index, engine } = this.#services;
    const known = index.get(key, repository.spec.ref);
    let resolved = known?.resolved;
    const commit = repository.status?.revision?.split("sha1:")[1];
    if (!resolved && commit !== undefined && repository.status?.revision !== undefined) {
      try {
        const remote = await this.#remote(repository);
        if (await engine.open(remote, commit)) resolved = { remote, commit, revision: repository.status.revision };
      } catch (problem) {
        if (!(problem instanceof OverseerError)) throw problem;
      }
    }
    if (index.set(key, repository.spec.ref, { resolved, error })) this.#services.onRevision(key);
  }

  async #remote(repository: GitRepository): Promise<GitRemote> {
    const { secretRef, url } = repository.spec;
    if (!secretRef) return gitRemote(url, undefined, this.#services.digestKey);
    const { namespace } = repository.metadata;
    const data = await this.#services.secrets.read(namespace, secretRef.name);
    if (!data) {
      throw new OverseerError(
        `the Secret ${namespace}/${secretRef.name} that spec.secretRef names does not exist: make it, or correct the name`,
        {
          code: "SECRET_NOT_FOUND",
          reason: "SecretNotFound",
          class: "retryable",
        },
      );
    }
    return gitRemote(
      url,
      credentialFromSecret(data, `Secret ${namespace}/${secretRef.name}`),
      this.#services.digestKey,
    );
  }

  /** Writes status and conditions; without an outcome the conditions stay and only the generation is acknowledged. */
  async #record(
    repository: GitRepository,
    status: GitRepositoryStatus,
    outcome: RepositoryOutcome | undefined,
  ): Promise<void> {
    const { clock, repositories } = this.#services;
    const { generation } = repository.metadata;
    const current = repositories.get(`${repository.metadata.namespace}/${repository.metadata.name}`) ?? repository;
    const conditions: Condition[] = outcome
      ? mergeConditions(
          current.status?.conditions ?? [],
          repositoryConditions(outcome),
          generation,
          rfc3339(clock.now()),
        )
      : (current.status?.conditions ?? []).map((condition) => ({ ...condition, observedGeneration: generation }));
    const asked = requestedAt(repository);
    const next: GitRepositoryStatus = {
      ...status,
      observedGeneration: generation,
      conditions,
      ...(asked === undefined || outcome === undefined || outcome.kind === "fetching"
        ? {}
        : { lastHandledReconcileAt: asked }),
    };
    const written = await this.#services.status.write(repositories.resource, current, next);
    if (written && written !== current) repositories.note(written);
    this.#services.onReady(current, next);
  }
}

function requestedAt(repository: GitRepository): string | undefined {
  return repository.metadata.annotations?.[ANNOTATION_RECONCILE_AT]?.slice(0, 256);
}

function uniqueRefs(refs: readonly (GitRef | undefined)[]): readonly GitRef[] {
  return [...new Map(refs.map((ref) => [refKey(ref), ref ?? {}])).values()];
}

function subject(repository: GitRepository) {
  const { namespace, name, uid } = repository.metadata;
  return { apiVersion: repository.apiVersion, kind: repository.kind, namespace, name, uid };
}
