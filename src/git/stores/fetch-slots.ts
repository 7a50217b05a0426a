import type { Clock } from "../../base/clock.js";
import { withDeadline } from "../../base/deadline.js";
import { type FairnessKey, Semaphore } from "../../base/semaphore.js";
import type { GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import { remoteAddress } from "../remote.js";

/** Fetches from one server, or of one tenant. */
interface Group {
  readonly slots: Semaphore;
  /** Number of running and waiting fetches. */
  users: number;
}

/** A fetch that needs a slot. */
export interface SlotRequest {
  readonly remote: GitRemote;
  /** Namespace on whose behalf is fetched; defaults to the server. */
  readonly tenant?: string | undefined;
  readonly signal: AbortSignal;
  /** Longest wait for a slot, in milliseconds. */
  readonly ms: number;
}

/**
 * Limits concurrent fetches in total, per server and per tenant, so that a slow server delays only its own repositories, and a tenant
 * with many slow servers only its own. Tenants are served round-robin.
 */
export class FetchSlots {
  readonly #clock: Clock;
  readonly #limits: GitLimits;
  readonly #all: Semaphore;
  readonly #groups = new Map<string, Group>();

  constructor(clock: Clock, limits: GitLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#all = new Semaphore(limits.concurrentFetches);
  }

  /**
   * Runs `work` in a slot. While waiting, throws the reason of `signal` if it aborts, and `GIT_BUSY` after `ms`: a waiting worker
   * is blocked.
   */
  async run<T>({ remote, tenant, signal, ms }: SlotRequest, work: () => Promise<T>): Promise<T> {
    const expired = (): Error => busy(remote, ms);
    const wait = { clock: this.#clock, signal, ms, expired };
    const server = remoteAddress(remote.url);
    const leave = await withDeadline(wait, (waiting) => this.#enter(server, tenant ?? server, waiting));
    try {
      return await work();
    } finally {
      leave();
    }
  }

  async #enter(server: string, tenant: string, waiting: AbortSignal): Promise<() => void> {
    const { concurrentFetches, fetchesPerServer } = this.#limits;
    const cleanups: (() => void)[] = [];
    const leave = (): void => {
      for (const cleanup of cleanups.reverse()) cleanup();
    };
    const enterGroup = async (name: string, permits: number, fairness: FairnessKey): Promise<void> => {
      const group = this.#groups.get(name) ?? { slots: new Semaphore(permits), users: 0 };
      this.#groups.set(name, group);
      group.users++;
      cleanups.push(() => this.#forget(name, group));
      cleanups.push(await group.slots.enter(fairness, waiting));
    };
    try {
      await enterGroup(`server ${server}`, fetchesPerServer, { of: tenant });
      await enterGroup(`tenant ${tenant}`, Math.max(1, concurrentFetches - 1), { of: server });
      cleanups.push(await this.#all.enter({ of: tenant }, waiting));
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #forget(name: string, group: Group): void {
    if (--group.users === 0) this.#groups.delete(name);
  }
}

function busy({ url }: GitRemote, ms: number): GitError {
  return new GitError(
    "GIT_BUSY",
    `the fetch of ${url} waited ${Math.round(ms / 1000)} s for other fetches to finish: check for slow fetches from ${remoteAddress(url)} or other servers`,
  );
}
