import type { ConditionDraft } from "../../api/conditions.js";
import { type BackoffPolicy, backoffDelay } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import type { OverseerError } from "../../base/errors.js";
import { type GitErrorCode, isGitError } from "../../git/index.js";

/** Failed reports of one app, or of all apps of a repository. */
interface Failed {
  readonly failures: number;
  /** Monotonic time of the next attempt. */
  readonly dueAt: number;
}

/** State of the reports to one repository. */
interface RepositoryReports {
  /** Set while the host or the credential fails: no app of the repository is reported before. */
  blocked?: Failed | undefined;
  /** Error of each app whose last report failed. */
  readonly errors: Map<string, OverseerError>;
}

const BACKOFF: BackoffPolicy = { baseMs: 5_000, factor: 2, maxMs: 10 * 60_000 };
/** Attempts for one report that the host rejects; the next transition is tried again. */
const MAX_ATTEMPTS = 8;
/** Failures that concern one commit and not the repository. */
const OF_ONE_COMMIT: readonly GitErrorCode[] = ["GIT_HOST_NOT_FOUND", "GIT_HOST_REFUSED"];
/** Failures that may concern one commit: Gitea answers 500 for one that it does not know. The other apps are still tried. */
const OF_ONE_APP: readonly GitErrorCode[] = [...OF_ONE_COMMIT, "GIT_SERVER_ERROR"];

/** Failures of reports: when to try again, and what the repository's condition says. In memory only. */
export class ReportFailures {
  readonly #clock: Clock;
  readonly #repositories = new Map<string, RepositoryReports>();
  readonly #apps = new Map<string, Failed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the milliseconds until an app of a repository may be reported again; 0 if now. */
  wait(repository: string, app: string): number {
    const due = Math.max(this.#repositories.get(repository)?.blocked?.dueAt ?? 0, this.#apps.get(app)?.dueAt ?? 0);
    return Math.max(0, due - this.#clock.monotonic());
  }

  /** Records a success. Returns whether the condition of the repository changes. */
  succeeded(repository: string, app: string): boolean {
    const known = this.#repositories.get(repository);
    const reports: RepositoryReports = known ?? { errors: new Map() };
    this.#repositories.set(repository, reports);
    this.#apps.delete(app);
    reports.blocked = undefined;
    return reports.errors.delete(app) || known === undefined;
  }

  /** Records a failure. Returns the milliseconds until the next attempt, undefined for none, and whether the condition changes. */
  failed(repository: string, app: string, error: OverseerError): { retryMs: number | undefined; isNew: boolean } {
    const reports = this.#repositories.get(repository) ?? { errors: new Map<string, OverseerError>() };
    this.#repositories.set(repository, reports);
    const isNew = ![...reports.errors.values()].some(({ reason }) => reason === error.reason);
    reports.errors.set(app, error);
    const ofOneApp = isGitError(error, ...OF_ONE_APP);
    const failures = ((ofOneApp ? this.#apps.get(app) : reports.blocked)?.failures ?? 0) + 1;
    const retryMs = Math.max(backoffDelay(BACKOFF, failures), error.retryAfterMs ?? 0);
    const state = { failures, dueAt: this.#clock.monotonic() + retryMs };
    if (ofOneApp) this.#apps.set(app, state);
    else reports.blocked = state;
    const isLast = isGitError(error, ...OF_ONE_COMMIT) && failures >= MAX_ATTEMPTS;
    return { retryMs: isLast ? undefined : retryMs, isNew };
  }

  /** Ends all waits of a repository: its settings or its credential have changed. */
  reset(repository: string): void {
    const reports = this.#repositories.get(repository);
    if (reports === undefined) return;
    reports.blocked = undefined;
    for (const app of reports.errors.keys()) this.#apps.delete(app);
  }

  /** Forgets an app at all repositories other than `current`, which is that of the app. Returns the repositories whose condition changes. */
  forget(app: string, current?: string): readonly string[] {
    if (current === undefined) this.#apps.delete(app);
    const changed: string[] = [];
    for (const [repository, { errors }] of this.#repositories)
      if (repository !== current && errors.delete(app)) changed.push(repository);
    return changed;
  }

  /** Forgets a repository that is gone, or reports no statuses any more. */
  forgetRepository(repository: string): void {
    this.#repositories.delete(repository);
  }

  /** Returns the condition of a repository; undefined before the first report since the start. */
  conditionOf(repository: string): ConditionDraft | undefined {
    const reports = this.#repositories.get(repository);
    if (reports === undefined) return undefined;
    const [first] = [...reports.errors].sort(([a], [b]) => (a < b ? -1 : 1));
    if (first === undefined) {
      const message = "the commit statuses of all apps are reported";
      return { type: "StatusesReported", status: "True", reason: "AllReported", message };
    }
    const [app, { reason, message }] = first;
    const more = reports.errors.size - 1;
    const others = more === 0 ? "" : ` (and ${more} more ${more === 1 ? "app" : "apps"})`;
    const text = `the commit status of app ${app}${others} is not reported: ${message}`;
    return { type: "StatusesReported", status: "False", reason, message: text };
  }
}
