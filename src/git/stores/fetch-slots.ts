import type { Clock } from "../../base/clock.js";
import { withDeadline } from "../../base/deadline.js";
import { Semaphore } from "../../base/semaphore.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import { remoteAddress } from "../remote.js";

/** Fetches from one server. */
interface Origin {
  readonly slots: Semaphore;
  /** Number of running and waiting fetches. */
  users: number;
}

/**
 * Limits concurrent fetches in total and per server, so that a slow server delays only its own repositories. Servers are served
 * round-robin.
 */
export class FetchSlots {
  readonly #clock: Clock;
  readonly #limits: GitLimits;
  readonly #all: Semaphore;
  readonly #origins = new Map<string, Origin>();

  constructor(clock: Clock, limits: GitLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#all = new Semaphore(limits.concurrentFetches);
  }

  /**
   * Runs `work` in a slot. While waiting, throws the reason of `signal` if it aborts, and `GIT_BUSY` after `ms`: a waiting worker
   * is blocked.
   */
  async run<T>(remote: GitRemote, signal: AbortSignal, ms: number, work: () => Promise<T>): Promise<T> {
    const expired = (): Error => busy(remote, ms);
    const wait = { clock: this.#clock, signal, ms, expired };
    const leave = await withDeadline(wait, (waiting) => this.#enter(remoteAddress(remote.url), waiting));
    try {
      return await work();
    } finally {
      leave();
    }
  }

  async #enter(name: string, waiting: AbortSignal): Promise<() => void> {
    const origin = this.#origins.get(name) ?? { slots: new Semaphore(this.#limits.fetchesPerServer), users: 0 };
    this.#origins.set(name, origin);
    origin.users++;
    const cleanups: (() => void)[] = [() => this.#forget(name, origin)];
    const leave = (): void => {
      for (const cleanup of cleanups.reverse()) cleanup();
    };
    try {
      cleanups.push(await origin.slots.enter(undefined, waiting));
      cleanups.push(await this.#all.enter({ of: name }, waiting));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #forget(name: string, origin: Origin): void {
    if (--origin.users === 0) this.#origins.delete(name);
  }
}

function busy({ url }: GitRemote, ms: number): GitError {
  return new GitError(
    "GIT_BUSY",
    `the fetch of ${url} waited ${Math.round(ms / 1000)} s for other fetches to finish: check for slow fetches from ${remoteAddress(url)} or other servers`,
  );
}
