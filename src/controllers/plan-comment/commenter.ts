import { cutMessage } from "../../api/conditions.js";
import type { GitRepository } from "../../api/git-repository.js";
import { allowsNamespace } from "../../api/namespaces.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { type BackoffPolicy, backoffDelay } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { OverseerError } from "../../base/errors.js";
import { hmacSha256, sha256 } from "../../base/hash.js";
import type { Logger } from "../../base/logger.js";
import { GitError, type GitHost } from "../../git/index.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { ResourceCache } from "../resource-cache.js";
import type { PlanComment } from "./plan-comment.js";

/** The part of an app's memory that this controller uses. */
export interface CommentMemory {
  /** What the last reconcile of the app found. */
  planComment: PlanComment | undefined;
}

/** Services of the commenter. */
export interface CommenterServices {
  readonly clock: Clock;
  readonly apps: ResourceCache<OverseerApp>;
  readonly repositories: ResourceCache<GitRepository>;
  readonly memories: ReadonlyMap<string, CommentMemory>;
  readonly events: EventSink;
  /** Keys the marks of comments: one cannot be known before the operator has written it. */
  readonly digestKey: string;
  /** Returns `namespace/name` of an app's repository. */
  readonly repositoryOf: (app: OverseerApp) => string;
  /** Opens the API of a repository's host. */
  readonly open: (repository: GitRepository) => Promise<GitHost>;
}

/** What was done for an app. */
interface Attempt {
  /** Digest of commit and text. */
  readonly of: string;
  readonly attempts: number;
  /** Monotonic time of the next attempt; undefined if it is done. */
  readonly dueAt: number | undefined;
  /** Reason of the last failure, of which an Event was emitted. */
  readonly reason?: string;
}

const FAILURE: BackoffPolicy = { baseMs: 5_000, factor: 2, maxMs: 10 * 60_000 };
/** Time until the pull request of a Change that waits is looked for again. */
const LOOKUP: BackoffPolicy = { baseMs: 30_000, factor: 2, maxMs: 30 * 60_000 };

/**
 * Comments plans on open pull requests, one app per call: one comment per app and pull request, which is updated in place. It reads what
 * the app's reconcile left in memory, and never delays or fails a sync.
 */
export class PlanCommenter {
  readonly #services: CommenterServices;
  readonly #attempts = new Map<string, Attempt>();

  constructor(services: CommenterServices) {
    this.#services = services;
  }

  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const { apps, repositories, memories, repositoryOf, clock } = this.#services;
    const app = apps.get(key);
    const repository = app && repositories.get(repositoryOf(app));
    const wanted = memories.get(key)?.planComment;
    const isOn =
      repository?.spec.provider?.planComments === true && repository.metadata.deletionTimestamp === undefined;
    if (!app || !isOn || !allowsNamespace(repository, app.metadata.namespace)) {
      this.#attempts.delete(key);
      return {};
    }
    if (wanted === undefined) return {};
    const of = sha256(`${repository.metadata.uid} ${repository.metadata.generation} ${wanted.commit}\n${wanted.text}`);
    const before = this.#attempts.get(key);
    // A failure is not about one text: newer ones wait as well.
    const last = before?.of === of || before?.reason !== undefined ? before : undefined;
    if (last !== undefined && last.dueAt === undefined) return {};
    const wait = (last?.dueAt ?? 0) - clock.monotonic();
    if (wait > 0) return { requeueAfterMs: wait };
    const attempts = (last?.attempts ?? 0) + 1;
    const next = (policy: BackoffPolicy, reason?: string, least = 0): ReconcileResult => {
      const requeueAfterMs = Math.max(backoffDelay(policy, attempts), least);
      const dueAt = clock.monotonic() + requeueAfterMs;
      this.#attempts.set(key, { of, attempts, dueAt, ...(reason === undefined ? {} : { reason }) });
      return { requeueAfterMs };
    };
    try {
      const isFound = await this.#write(app, repository, wanted, signal);
      if (!isFound && wanted.isWaiting) return next(LOOKUP);
      this.#attempts.set(key, { of, attempts, dueAt: undefined });
      return {};
    } catch (error) {
      if (!(error instanceof OverseerError) || signal.aborted) throw error;
      if (before?.reason !== error.reason) this.#report(key, repository, error, logger);
      return next(FAILURE, error.reason, error.retryAfterMs);
    }
  }

  /** Writes the comment to each open pull request of the commit. Returns whether there is one. */
  async #write(
    app: OverseerApp,
    repository: GitRepository,
    { commit, text, isNew }: PlanComment,
    signal: AbortSignal,
  ): Promise<boolean> {
    const host = await this.#services.open(repository);
    const { planComments } = host;
    if (planComments === undefined)
      throw new GitError(
        "GIT_PROVIDER_UNSUPPORTED",
        `spec.provider.planComments is not supported for ${host.type}: set it to false`,
      );
    const numbers = await planComments.pullRequestsAt(commit, signal);
    for (const number of numbers) {
      const mark = this.#markOf(app, number);
      const body = `${mark}\n${text}`;
      const own = (await planComments.list(number, signal)).find(
        (comment) => comment.isOwn && comment.body.startsWith(mark),
      );
      if (own === undefined && isNew) await host.comment(number, body, signal);
      else if (own !== undefined && own.body.trim() !== body.trim())
        await planComments.edit(number, own.id, body, signal);
    }
    return numbers.length > 0;
  }

  #markOf({ metadata: { uid, namespace, name } }: OverseerApp, number: number): string {
    const digest = hmacSha256(this.#services.digestKey, `plan comment ${uid} ${namespace}/${name} ${number}`, 32);
    return `<!-- overseer-plan ${digest} -->`;
  }

  #report(app: string, repository: GitRepository, { reason, message }: OverseerError, logger: Logger): void {
    const { apiVersion, kind, metadata } = repository;
    const subject = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
    const note = `the plan of app ${app} is not written to its pull request: ${message}`;
    this.#services.events.record(subject, { type: "Warning", reason, action: "Comment", message: cutMessage(note) });
    logger.warn("plan not commented", { app, reason, error: message });
  }
}
