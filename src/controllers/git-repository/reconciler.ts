import { cutMessage } from "../../api/conditions.js";
import type { GitRef } from "../../api/git-ref.js";
import type { GitRepository, GitRepositoryStatus, VerifiedRevision } from "../../api/git-repository.js";
import { MESSAGE_DIGITS, shortRevision } from "../../api/short-revision.js";
import { type BackoffPolicy, backoffDelay, countFailure, type FailedTries, jitter } from "../../base/backoff.js";
import { rfc3339 } from "../../base/clock.js";
import { withDeadline } from "../../base/deadline.js";
import { parseDuration } from "../../base/duration.js";
import { isTerminal, OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { refPrefixes } from "../../git/index.js";
import { isServerUnavailable } from "../../kube/errors.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import { requestedAt } from "../requested-at.js";
import type { RepositoryOutcome } from "./conditions.js";
import { fetchRevisions, keepRevision } from "./fetch-revisions.js";
import { commitTitle, describeCommit, eventSubject, recordRepository } from "./record-status.js";
import { releaseRepository } from "./release-repository.js";
import type { RepositoryPoll } from "./repository-poll.js";
import { remoteOf } from "./repository-remote.js";
import { refKey } from "./revision-index.js";
import type { GitRepositoryServices } from "./services.js";
import { timeLimit } from "./time-limit.js";
import { verificationKeys } from "./verify/keys.js";
import { verifiedRecords } from "./verify/records.js";
import { isVerification, rejectedRevision } from "./verify/revision-verifier.js";

/** State of a repository kept between polls. Safe to lose. */
interface Memory {
  /** Monotonic time of the next poll. */
  nextPoll: number;
  /** Inputs of the last poll: a new generation, credential or set of refs triggers an immediate poll. */
  polledFor: string;
  failures: number;
  /** Reason of the last logged failure, so that it is logged once. */
  loggedReason?: string | undefined;
}

/** A failed poll, its start time, and earlier failures. */
interface FailedPoll {
  readonly tries: FailedTries;
  readonly startedAt: number;
  readonly error: OverseerError;
  readonly signal: AbortSignal;
}

const DEFAULT_INTERVAL_MS = 180_000;
/** Backoff after failed polls, capped at the interval. */
const BACKOFF: BackoffPolicy = { baseMs: 2_000, factor: 2, maxMs: 30 * 60_000 };
/** Repositories with the same remote share a poll up to this fraction of the interval old. */
const SHARE_POLL = 0.9;
const JITTER = 0.1;

/** Polls a repository's refs, fetches new commits, and records the revision in use. */
export class GitRepositoryReconciler {
  readonly #services: GitRepositoryServices;
  readonly #memory = new Map<string, Memory>();

  constructor(services: GitRepositoryServices) {
    this.#services = services;
  }

  /** Reconciles one repository. */
  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const repository = this.#services.repositories.get(key);
    if (!repository || repository.metadata.deletionTimestamp) {
      this.#memory.delete(key);
      const [namespace = "", name = ""] = key.split("/");
      this.#services.observer.forgotten(namespace, name);
      this.#services.index.forget(key);
      this.#services.onRevision(key);
      await releaseRepository(this.#services);
      return {};
    }
    if (repository.spec.suspend) {
      await keepRevision(this.#services, key, repository, undefined, signal);
      await recordRepository(this.#services, repository, repository.status ?? {}, undefined);
      return {};
    }
    const memory = this.#memory.get(key) ?? { nextPoll: 0, polledFor: "", failures: 0 };
    this.#memory.set(key, memory);
    const startedAt = this.#services.clock.monotonic();
    const tries = { failures: memory.failures, dueAt: memory.nextPoll };
    try {
      await this.#poll(key, repository, memory, logger, signal);
    } catch (error) {
      // An unavailable API server is no failure of the repository.
      if (!(error instanceof OverseerError) || isServerUnavailable(error) || signal.aborted) {
        // The queue retries: poll then, instead of waiting for the next interval.
        memory.nextPoll = 0;
        throw error;
      }
      await this.#failed(key, repository, memory, { tries, startedAt, error, signal }, logger);
    }
    return { requeueAfterMs: Math.max(0, memory.nextPoll - this.#services.clock.monotonic()) };
  }

  async #poll(
    key: string,
    repository: GitRepository,
    memory: Memory,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#services;
    const remote = await remoteOf(this.#services, repository);
    const refs = this.#refsOf(key, repository);
    const keys = await verificationKeys(this.#services, repository);
    const purpose = [repository.metadata.generation, remote.id, keys?.digest, ...refs.map(refKey)].join("\n");
    const requested = requestedAt(repository.metadata);
    const isRequested = requested !== undefined && requested !== repository.status?.lastHandledReconcileAt;
    const immediate = this.#services.takePollRequest(key) || purpose !== memory.polledFor || isRequested;
    if (!immediate && clock.monotonic() < memory.nextPoll) {
      return recordRepository(this.#services, repository, repository.status ?? {}, undefined);
    }
    const moved = memory.polledFor !== "" && memory.polledFor !== purpose;
    const poll = { key, repository, remote, keys, logger, signal, limit: timeLimit(repository, remote) };
    const remoteRefs = await this.#list(poll, refs, memory, purpose, immediate);
    const problem = await fetchRevisions(this.#services, poll, refs, remoteRefs);
    if (problem) throw problem;
    if (memory.failures > 0) logger.info("repository recovered", { repository: key, failures: memory.failures });
    memory.failures = 0;
    memory.loggedReason = undefined;
    this.#services.observer.polled(repository);
    if (moved) await releaseRepository(this.#services);
    await this.#succeeded(key, repository);
  }

  /** Lists the remote's refs. The next poll is due one interval later. */
  async #list(poll: RepositoryPoll, refs: readonly GitRef[], memory: Memory, purpose: string, immediate: boolean) {
    const { clock, polls } = this.#services;
    const interval = parseDuration(poll.repository.spec.interval) ?? DEFAULT_INTERVAL_MS;
    const maxAge = immediate ? 0 : interval * SHARE_POLL;
    const remoteRefs = await withDeadline({ ...poll.limit, clock, signal: poll.signal }, (signal) =>
      polls.list(poll.remote, refPrefixes(refs), maxAge, signal),
    );
    memory.polledFor = purpose;
    memory.nextPoll = clock.monotonic() + jitter(interval, JITTER, Math.random());
    return remoteRefs;
  }

  /** Returns the records of verified revisions for the status. */
  #verified(key: string, repository: GitRepository): VerifiedRevision[] {
    return verifiedRecords(this.#services.index, key, repository, this.#refsOf(key, repository));
  }

  /** Returns the repository's own ref, and those of apps. */
  #refsOf(key: string, { spec }: GitRepository): readonly GitRef[] {
    return uniqueRefs([spec.ref, ...this.#services.refsOf(key)]);
  }

  async #succeeded(key: string, repository: GitRepository): Promise<void> {
    const { engine, index, events, clock } = this.#services;
    const resolved = index.get(key, repository.spec.ref)?.resolved;
    if (!resolved) return;
    const { verified: _, ...before } = repository.status ?? {};
    const isNew = before.revision !== resolved.revision;
    const snapshot =
      isNew || before.commit === undefined ? await engine.open(resolved.remote, resolved.commit) : undefined;
    const commit = snapshot?.commit;
    const status: GitRepositoryStatus = {
      ...before,
      revision: resolved.revision,
      ...(commit ? { commit: describeCommit(commit) } : {}),
      ...(isNew ? { lastFetchTime: rfc3339(clock.now()) } : {}),
      ...(repository.spec.verify ? { verified: this.#verified(key, repository) } : {}),
    };
    const { revision, onDemand } = resolved;
    const verified = resolved.verified?.message;
    const more = { ...(verified ? { verified } : {}), ...(onDemand ? { onDemand } : {}) };
    const outcome = { kind: "fetched", revision, ...more } as const;
    await recordRepository(this.#services, repository, status, outcome);
    if (!isNew) return;
    const what = shortRevision(resolved.revision, MESSAGE_DIGITS);
    const message = `fetched ${what}${commit ? `: ${commitTitle(commit)}` : ""}`;
    events.record(eventSubject(repository), { type: "Normal", reason: "NewRevision", action: "Fetch", message });
  }

  async #failed(
    key: string,
    repository: GitRepository,
    memory: Memory,
    { tries, startedAt, error, signal }: FailedPoll,
    logger: Logger,
  ): Promise<void> {
    const { events, clock, observer } = this.#services;
    const interval = parseDuration(repository.spec.interval) ?? DEFAULT_INTERVAL_MS;
    const { retryAfterMs } = error;
    const counted = countFailure(tries, { startedAt, endedAt: clock.monotonic(), retryAfterMs }, (failures) =>
      jitter(Math.min(backoffDelay(BACKOFF, failures), interval), JITTER, Math.random()),
    );
    // Must come first: if the status write fails, the next poll would otherwise wait for the next interval.
    memory.failures = counted.failures;
    memory.nextPoll = counted.dueAt;
    const isKept = await keepRevision(this.#services, key, repository, error, signal);
    const { reason, message } = error;
    observer.failed(reason);
    const before = isKept || !repository.spec.verify ? (repository.status ?? {}) : withoutRevision(repository);
    // Refs of apps may have been verified, although the repository's own one failed.
    const status = repository.spec.verify ? { ...before, verified: this.#verified(key, repository) } : before;
    const { revision } = status;
    const unverified = isVerification(error) ? { unverified: { revision: rejectedRevision(error) } } : {};
    const failed = { kind: "failed", reason, message, terminal: isTerminal(error), revision } as const;
    const outcome: RepositoryOutcome = { ...failed, ...unverified };
    const ready = repository.status?.conditions?.find((condition) => condition.type === "Ready");
    await recordRepository(this.#services, repository, status, outcome);
    if (memory.loggedReason !== reason) {
      logger.warn("repository cannot be fetched", { repository: key, revision, reason, error: message });
    }
    memory.loggedReason = reason;
    if (ready?.reason !== reason) {
      const note = { type: "Warning", reason, action: "Fetch", message: cutMessage(message) } as const;
      events.record(eventSubject(repository), note);
    }
  }
}

/** Returns the status without a revision that is not verified. */
function withoutRevision({ status }: GitRepository): GitRepositoryStatus {
  const { revision: _, shortRevision: __, commit: ___, lastFetchTime: ____, ...rest } = status ?? {};
  return rest;
}

function uniqueRefs(refs: readonly (GitRef | undefined)[]): readonly GitRef[] {
  return [...new Map(refs.map((ref) => [refKey(ref), ref ?? {}])).values()];
}
