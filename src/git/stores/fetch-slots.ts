import type { Clock } from "../../base/clock.js";
import { withDeadline } from "../../base/deadline.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import { remoteAddress } from "../remote.js";

/** A fetch that needs a slot. */
export interface SlotRequest {
  readonly remote: GitRemote;
  /** Namespace on whose behalf is fetched; defaults to the server. */
  readonly tenant?: string | undefined;
  readonly signal: AbortSignal;
  /** Longest wait for a slot, in milliseconds. */
  readonly ms: number;
}

/** What a fetch counts against. */
interface Place {
  readonly server: string;
  readonly tenant: string;
}

interface Waiter extends Place {
  readonly start: () => void;
}

/**
 * Limits concurrent fetches in total, per server and per tenant, so that a slow server delays only its own repositories, and a tenant
 * with many slow servers only its own. Of the fetches for which there is room, one of the tenant with the fewest running ones is next.
 */
export class FetchSlots {
  readonly #clock: Clock;
  readonly #limits: GitLimits;
  readonly #running = new Set<Place>();
  /** In order of arrival. A waiting fetch holds nothing. */
  readonly #waiting = new Set<Waiter>();

  constructor(clock: Clock, limits: GitLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Runs `work` in a slot. While waiting, throws the reason of `signal` if it aborts, and `GIT_BUSY` after `ms`: a waiting worker
   * is blocked.
   */
  async run<T>({ remote, tenant, signal, ms }: SlotRequest, work: () => Promise<T>): Promise<T> {
    const expired = (): Error => busy(remote, ms);
    const server = remoteAddress(remote.url);
    const place = { server, tenant: tenant ?? server };
    await withDeadline({ clock: this.#clock, signal, ms, expired }, (waiting) => this.#enter(place, waiting));
    try {
      return await work();
    } finally {
      this.#running.delete(place);
      this.#startNext();
    }
  }

  #enter(place: Place, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        ...place,
        start: () => {
          signal.removeEventListener("abort", abort);
          this.#waiting.delete(waiter);
          this.#running.add(place);
          resolve();
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(waiter);
      this.#startNext();
    });
  }

  #startNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.start();
  }

  #next(): Waiter | undefined {
    const { concurrentFetches, fetchesPerServer } = this.#limits;
    if (this.#running.size >= concurrentFetches) return undefined;
    const count = (of: keyof Place, name: string): number =>
      [...this.#running].filter((place) => place[of] === name).length;
    // One tenant leaves a slot to others.
    const perTenant = Math.max(1, concurrentFetches - 1);
    let best: { readonly waiter: Waiter; readonly running: number } | undefined;
    for (const waiter of this.#waiting) {
      const running = count("tenant", waiter.tenant);
      if (running >= Math.min(perTenant, best?.running ?? perTenant)) continue;
      if (count("server", waiter.server) < fetchesPerServer) best = { waiter, running };
    }
    return best?.waiter;
  }
}

function busy({ url }: GitRemote, ms: number): GitError {
  return new GitError(
    "GIT_BUSY",
    `the fetch of ${url} waited ${Math.round(ms / 1000)} s for other fetches to finish: check for slow fetches from ${remoteAddress(url)} or other servers`,
  );
}
