import type { Clock } from "../../base/clock.js";
import { Semaphore } from "../../base/semaphore.js";
import { withDeadline } from "../deadline.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import { remoteAddress } from "../remote.js";

/** The fetches from one server. */
interface Origin {
  readonly slots: Semaphore;
  /** How many are under way or wait. */
  users: number;
}

/**
 * Lets so many fetches begin at a time over all repositories, and fewer from one server: one that sends its bytes slowly
 * holds up those who fetch from it, and nobody else. Servers take turns.
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
   * Runs `work` in a slot. Waiting for one ends with `signal`, whose reason is thrown then, and with `GIT_BUSY` after `ms`:
   * a worker that waits does nothing else.
   */
  async run<T>(remote: GitRemote, signal: AbortSignal, ms: number, work: () => Promise<T>): Promise<T> {
    const expired = (): Error => busy(remote, ms);
    const wait = { clock: this.#clock, signal, ms, expired };
    const leave = await withDeadline(wait, (waiting) => this.#enter(new URL(remote.url).origin, waiting));
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
    const left: (() => void)[] = [() => this.#forget(name, origin)];
    const leave = (): void => {
      for (const step of left.reverse()) step();
    };
    try {
      left.push(await origin.slots.enter(undefined, waiting));
      left.push(await this.#all.enter({ of: name }, waiting));
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
