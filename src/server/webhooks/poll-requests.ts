import { type BackoffPolicy, backoffDelay } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";

/** Records the result of a poll request in metrics. */
export type PollRequestObserver = (result: "error" | "given_up" | "success") => void;

/** Options of poll requests. */
export interface PollRequestsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Requests a poll of a repository; throws if the request fails. */
  readonly send: (repository: string) => Promise<void>;
  readonly observe?: PollRequestObserver;
}

interface Pending {
  /** Whether a push arrived after the last request was sent, which may have been too early for it. */
  requested: boolean;
  readonly done: Promise<void>;
}

/** Minimum time between two requests for the same repository. */
const MIN_INTERVAL_MS = 1_000;
const BACKOFF: BackoffPolicy = { baseMs: 1_000, factor: 2, maxMs: 60_000 };
/** Consecutive failures, over about five minutes, after which the next regular poll must detect the push. */
const MAX_ATTEMPTS = 11;

/**
 * Coalesces the poll requests of webhooks: the first one is sent at once; those that arrive while it is in progress, or
 * within a second after it, become one more. Failed requests are retried, so that a short outage of the API server
 * loses no push.
 */
export class PollRequests {
  readonly #options: PollRequestsOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #sleepers = new Set<() => void>();
  #stopping = false;

  constructor(options: PollRequestsOptions) {
    this.#options = options;
  }

  /** Requests a poll after a push, without waiting for the result. */
  request(repository: string): void {
    const pending = this.#pending.get(repository);
    if (pending) {
      pending.requested = true;
      return;
    }
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const entry: Pending = { requested: true, done };
    this.#pending.set(repository, entry);
    void this.#process(repository, entry).finally(finish);
  }

  /** Sends pending requests at once, and resolves when they have succeeded or failed once more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const wake of this.#sleepers) wake();
    await Promise.all([...this.#pending.values()].map(({ done }) => done));
  }

  async #process(repository: string, pending: Pending): Promise<void> {
    let failures = 0;
    while (pending.requested) {
      pending.requested = false;
      const error = await this.#send(repository);
      failures = error === undefined ? 0 : failures + 1;
      if (error !== undefined && (this.#stopping || failures >= MAX_ATTEMPTS)) {
        this.#giveUp(repository, error);
        break;
      }
      pending.requested ||= error !== undefined;
      await this.#pause(failures === 0 ? MIN_INTERVAL_MS : backoffDelay(BACKOFF, failures));
    }
    this.#pending.delete(repository);
  }

  async #send(repository: string): Promise<unknown> {
    const { send, logger, observe } = this.#options;
    try {
      await send(repository);
      observe?.("success");
      return undefined;
    } catch (error) {
      observe?.("error");
      logger.warn("cannot request a poll for a push, retrying", { repository, error: messageOf(error) });
      return error;
    }
  }

  #giveUp(repository: string, error: unknown): void {
    const { logger, observe } = this.#options;
    observe?.("given_up");
    logger.error("cannot request a poll for a push: the next regular poll will detect it", {
      repository,
      error: messageOf(error),
    });
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = this.#options.clock.after(ms, wake);
      this.#sleepers.add(wake);
    });
  }
}
