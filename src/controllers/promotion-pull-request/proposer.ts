import { cutMessage } from "../../api/conditions.js";
import type { GitRepository } from "../../api/git-repository.js";
import { allowsNamespace } from "../../api/namespaces.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { PromotionPullRequest } from "../../api/promotion.js";
import { type BackoffPolicy, backoffDelay } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { OverseerError } from "../../base/errors.js";
import { canonicalJson } from "../../base/hash.js";
import type { Logger } from "../../base/logger.js";
import { GitError, type GitHost, type ProposalState } from "../../git/index.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { ResourceCache } from "../resource-cache.js";
import type { WantedPullRequest } from "./wanted-pull-request.js";

/** The part of an app's memory that this controller uses. */
export interface ProposalMemory {
  /** What the last reconcile of the app found; undefined if it found nothing out. */
  wantedPullRequest: WantedPullRequest | undefined;
  /** What this process has done; null if there is none any more. Until then, the status of the app has it. */
  pullRequest: PromotionPullRequest | null | undefined;
}

/** Services of the proposer. */
export interface ProposerServices {
  readonly clock: Clock;
  readonly apps: ResourceCache<OverseerApp>;
  readonly repositories: ResourceCache<GitRepository>;
  readonly memories: ReadonlyMap<string, ProposalMemory>;
  readonly events: EventSink;
  /** Returns `namespace/name` of an app's repository. */
  readonly repositoryOf: (app: OverseerApp) => string;
  /** Opens the API of a repository's host. */
  readonly open: (repository: GitRepository) => Promise<GitHost>;
  /** Called when the pull request of an app has changed, so that it is written to its status. */
  readonly onChanged: (app: string) => void;
}

type Wanted = Extract<WantedPullRequest, { kind: "Propose" }>;

/** Branches of pull requests. No other branch is written or deleted. */
const PREFIX = "overseer/promote/";
const FAILURE: BackoffPolicy = { baseMs: 5_000, factor: 2, maxMs: 10 * 60_000 };
/** Time until an open pull request is looked at again: hosts do not say when a user closes it. */
const LOOKUP: BackoffPolicy = { baseMs: 60_000, factor: 2, maxMs: 30 * 60_000 };

/** What was done for an app. */
interface Attempt {
  readonly of: string;
  readonly attempts: number;
  /** Monotonic time of the next attempt. */
  readonly dueAt: number;
}

/**
 * Opens, updates and closes the pull requests that carry tested versions to later Environments, one app per call: one per app and branch, and
 * never twice for the same versions. It reads what the app's reconcile left in memory, and never delays or fails a sync.
 */
export class PromotionProposer {
  readonly #services: ProposerServices;
  readonly #attempts = new Map<string, Attempt>();

  constructor(services: ProposerServices) {
    this.#services = services;
  }

  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const { apps, repositories, memories, repositoryOf, clock } = this.#services;
    const app = apps.get(key);
    const memory = memories.get(key);
    const wanted = memory?.wantedPullRequest;
    if (!app || !memory || wanted === undefined) {
      this.#attempts.delete(key);
      return {};
    }
    const before = knownPullRequest(app, memory);
    const repository = repositories.get(repositoryOf(app));
    if (repository === undefined) return {};
    const { url } = repository.spec;
    // Another repository has other pull requests of the same numbers.
    const known = before?.repository === undefined || before.repository === url ? before : undefined;
    if (known !== before) {
      memory.pullRequest = null;
      this.#services.onChanged(key);
    }
    if (isDone(wanted, known)) return {};
    const of = `${repository.metadata.uid} ${repository.metadata.generation} ${wanted.kind === "None" ? "" : wanted.id}`;
    const earlier = this.#attempts.get(key);
    const last = earlier?.of === of ? earlier : undefined;
    const wait = (last?.dueAt ?? 0) - clock.monotonic();
    if (wait > 0) return { requeueAfterMs: wait };
    const attempts = (last?.attempts ?? 0) + 1;
    const next = (policy: BackoffPolicy, least = 0): ReconcileResult => {
      const requeueAfterMs = Math.max(backoffDelay(policy, attempts), least);
      this.#attempts.set(key, { of, attempts, dueAt: clock.monotonic() + requeueAfterMs });
      return { requeueAfterMs };
    };
    try {
      const done = await this.#carryOut(app, repository, wanted, known, signal);
      this.#note(app, memory, known, done && { ...done, repository: url }, logger);
      return done?.state === "Open" ? next(LOOKUP) : {};
    } catch (error) {
      if (!(error instanceof OverseerError) || signal.aborted) throw error;
      const failed = {
        ...known,
        state: known?.state === "Open" ? "Open" : "Failed",
        id: known?.id ?? idOf(wanted),
        repository: url,
      } as const;
      this.#note(app, memory, known, { ...failed, message: cutMessage(error.message) }, logger, error);
      return next(FAILURE, error.retryAfterMs);
    }
  }

  async #carryOut(
    app: OverseerApp,
    repository: GitRepository,
    wanted: WantedPullRequest,
    known: PromotionPullRequest | undefined,
    signal: AbortSignal,
  ): Promise<PromotionPullRequest | null> {
    const number = known?.state === "Open" ? known.number : undefined;
    if (wanted.kind === "None" && number === undefined) return null;
    if (wanted.kind === "Impossible")
      return {
        ...openOf(known),
        state: known?.state === "Open" ? "Open" : "Failed",
        id: wanted.id,
        message: wanted.why,
      };
    refuseWithoutConsent(app, repository, this.#services.repositoryOf(app));
    const host = await this.#services.open(repository);
    const { proposals } = host;
    if (proposals === undefined)
      throw new GitError(
        "GIT_PROVIDER_UNSUPPORTED",
        `spec.provider.pullRequests of GitRepository ${this.#services.repositoryOf(app)} is not supported for ${host.type}: set it to false`,
      );
    const found = number === undefined ? undefined : await proposals.get(number, signal);
    // One of another branch is not that of the app.
    const current = found?.branch.startsWith(branchOf(app)) === true ? found : undefined;
    const isOwn = current !== undefined && current.head === known?.head;
    if (wanted.kind === "None") {
      if (current === undefined || known === undefined) return null;
      if (current.state !== "Open") return endOf(known, current);
      if (!isOwn)
        return kept(known, "is out of date, and is not closed, since its branch has commits of others: close it");
      await proposals.close(number ?? 0, current.branch, signal);
      return null;
    }
    if (number !== undefined && current !== undefined && known !== undefined) {
      if (current.state !== "Open" && known.id === wanted.id) return endOf(known, current);
      if (current.state === "Open") {
        if (known.id === wanted.id)
          return isOwn
            ? { ...openOf(known), id: known.id }
            : kept(known, "is not only what was tested, since its branch has commits of others: review them");
        if (!isOwn) return kept(known, "is not updated, since its branch has commits of others: merge it, or close it");
        await proposals.update(number, { ...contentOf(wanted), branch: current.branch }, signal);
        return { ...openOf(known), id: wanted.id, head: (await proposals.get(number, signal))?.head ?? current.head };
      }
    }
    return this.#create(app, host, wanted, signal);
  }

  async #create(app: OverseerApp, host: GitHost, wanted: Wanted, signal: AbortSignal): Promise<PromotionPullRequest> {
    const branch = `${branchOf(app)}${wanted.id}`;
    const { number, url } = await host.proposeChange({ ...contentOf(wanted), branch }, signal);
    const head = (await host.proposals?.get(number, signal))?.head;
    return { state: "Open", id: wanted.id, number, url, ...(head === undefined ? {} : { head }) };
  }

  #note(
    app: OverseerApp,
    memory: ProposalMemory,
    known: PromotionPullRequest | undefined,
    done: PromotionPullRequest | null,
    logger: Logger,
    error?: OverseerError,
  ): void {
    memory.pullRequest = done;
    if (canonicalJson(known ?? null) === canonicalJson(done)) return;
    const { namespace, name, uid } = app.metadata;
    const { apiVersion, kind } = app;
    const event = eventOf(known, done, error);
    if (event !== undefined) {
      const message = cutMessage(event.message);
      this.#services.events.record(
        { apiVersion, kind, namespace, name, uid },
        { ...event, action: "Promote", message },
      );
      logger.info("pull request of a promotion", { app: `${namespace}/${name}`, reason: event.reason, message });
    }
    this.#services.onChanged(`${namespace}/${name}`);
  }
}

type Emitted = Pick<Parameters<EventSink["record"]>[1], "type" | "reason" | "message">;

/** Returns the Event of a change, if it is worth one. */
function eventOf(
  known: PromotionPullRequest | undefined,
  done: PromotionPullRequest | null,
  error: OverseerError | undefined,
): Emitted | undefined {
  const link = done?.url ?? known?.url;
  if (done?.message !== undefined) {
    if (done.message === known?.message) return undefined;
    const message = `the pull request for tested versions: ${done.message}`;
    return { type: "Warning", reason: error?.reason ?? "PullRequestNotOpened", message };
  }
  if (link === undefined) return undefined;
  if (done?.state === "Open")
    return { type: "Normal", reason: "PullRequestOpened", message: `the pull request ${link} carries tested versions` };
  const how =
    done === null
      ? "closed, since it is out of date"
      : done.state === "Merged"
        ? "merged"
        : "closed by a user: the same versions are not proposed again";
  return {
    type: "Normal",
    reason: "PullRequestEnded",
    message: `the pull request ${link} for tested versions was ${how}`,
  };
}

/** Returns the pull request of an app, as far as it is known. */
export function knownPullRequest(
  { status }: Pick<OverseerApp, "status">,
  { pullRequest }: Pick<ProposalMemory, "pullRequest">,
): PromotionPullRequest | undefined {
  return (pullRequest === undefined ? status?.promotion?.pullRequest : pullRequest) ?? undefined;
}

/** Reports whether nothing has to be asked of the host. What has ended stays in the status, so that it is not proposed again. */
function isDone(wanted: WantedPullRequest, known: PromotionPullRequest | undefined): boolean {
  const hasEnded = known?.state === "Merged" || known?.state === "Declined";
  if (wanted.kind === "None") return known === undefined || hasEnded;
  return hasEnded && known.id === wanted.id;
}

/** Returns what the branches of an app begin with, before the ID of the versions. */
function branchOf({ metadata: { namespace, name } }: OverseerApp): string {
  return `${PREFIX}${namespace}/${name}-`;
}

function idOf(wanted: WantedPullRequest): string {
  return wanted.kind === "None" ? "" : wanted.id;
}

/** Returns how a pull request has ended. */
function endOf(known: PromotionPullRequest, { state }: ProposalState): PromotionPullRequest {
  return { ...openOf(known), id: known.id, state: state === "Merged" ? "Merged" : "Declined" };
}

/** A pull request without what was wrong with it. */
function openOf(known: PromotionPullRequest | undefined): Omit<PromotionPullRequest, "id" | "message"> {
  const { message: _, id: __, ...rest } = known ?? { id: "", state: "Open" as const };
  return rest;
}

function kept(known: PromotionPullRequest | undefined, what: string): PromotionPullRequest {
  return { ...openOf(known), id: known?.id ?? "", message: `${known?.url ?? "it"} ${what}` };
}

function contentOf({
  base,
  baseCommit,
  files,
  title,
  body,
}: Wanted): Omit<Parameters<GitHost["proposeChange"]>[0], "branch"> {
  return { base, baseCommit, files, title, body, message: title };
}

/** The repository belongs to others than the Environment: they permit that their credential writes branches. */
function refuseWithoutConsent({ metadata }: OverseerApp, repository: GitRepository, key: string): void {
  const isOn = repository.spec.provider?.pullRequests === true && repository.metadata.deletionTimestamp === undefined;
  if (isOn && allowsNamespace(repository, metadata.namespace)) return;
  throw new GitError(
    "GIT_PROVIDER_UNSUPPORTED",
    `promotion.pullRequests of the Environment needs the permission of GitRepository ${key}: set its spec.provider.pullRequests to true`,
  );
}
