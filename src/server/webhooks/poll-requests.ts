import { type BackoffPolicy, backoffDelay } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";

/** What became of one request for a poll, for the metrics. */
export type PollRequestObserver = (result: "error" | "given_up" | "success") => void;

/** How poll requests are made. */
export interface PollRequestsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asks for a poll of this repository; throws when it cannot be asked now. */
  readonly send: (repository: string) => Promise<void>;
  readonly observe?: PollRequestObserver;
}

interface Pending {
  /** Asked for again since the last request was sent: that one may have come too early for it. */
  again: boolean;
  readonly done: Promise<void>;
}

/** Least time between two requests for the same repository. */
const REST_MS = 1_000;
const BACKOFF: BackoffPolicy = { baseMs: 1_000, factor: 2, maxMs: 60_000 };
/** After so many failures in a row the repository is left to its interval: some five minutes. */
const MAX_TRIES = 11;

/**
 * Merges what webhooks ask for: the first one is passed on at once, those that come while that is under way, or within a
 * second after it, become one more. What cannot be passed on is tried again, so that an API server that is away for a minute
 * costs no push.
 */
export class PollRequests {
  readonly #options: PollRequestsOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #sleepers = new Set<() => void>();
  #stopping = false;

  constructor(options: PollRequestsOptions) {
    this.#options = options;
  }

  /** A push was told of. Returns at once. */
  ask(repository: string): void {
    const pending = this.#pending.get(repository);
    if (pending) {
      pending.again = true;
      return;
    }
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const made: Pending = { again: true, done };
    this.#pending.set(repository, made);
    void this.#work(repository, made).finally(finish);
  }

  /** Passes on at once what still waits, and resolves when that is done or has failed once more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const wake of this.#sleepers) wake();
    await Promise.all([...this.#pending.values()].map(({ done }) => done));
  }

  async #work(repository: string, pending: Pending): Promise<void> {
    let failures = 0;
    while (pending.again) {
      pending.again = false;
      const error = await this.#send(repository);
      failures = error === undefined ? 0 : failures + 1;
      if (error !== undefined && (this.#stopping || failures >= MAX_TRIES)) {
        this.#giveUp(repository, error);
        break;
      }
      pending.again ||= error !== undefined;
      await this.#pause(failures === 0 ? REST_MS : backoffDelay(BACKOFF, failures));
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
      logger.warn("a push cannot be passed on yet", { repository, error: messageOf(error) });
      return error;
    }
  }

  #giveUp(repository: string, error: unknown): void {
    const { logger, observe } = this.#options;
    observe?.("given_up");
    logger.error("a push was not passed on: it is noticed at the repository's interval", {
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
