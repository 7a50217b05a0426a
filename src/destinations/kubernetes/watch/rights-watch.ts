import type { Clock, Timer } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { Reflector } from "../../../kube/watch/reflector.js";

/** Resources that define permissions. */
const PATHS = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"].map(
  (plural) => `/apis/rbac.authorization.k8s.io/v1/${plural}`,
);
/** Delay after a change, since the authorizer of the API server also learns of it by a watch. */
const SOON_MS = 500;
/** Delay of the second retry, and the minimum interval however often permissions change. */
const AGAIN_MS = 5_000;
/** Waiters expire after this time, which is longer than the default maximum backoff of apps. */
const LINGER_MS = 600_000;
/** Retry interval without permission to watch these resources. */
const REFUSED_MS = 300_000;

/** Options of the watch. */
export interface RightsWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Waiter {
  readonly since: number;
  readonly notify: () => void;
}

/**
 * Notifies waiters that were refused for a missing permission when permissions change, so that they need not wait for the end of
 * their backoff. Runs four metadata watches, only while there are waiters. Without permission to watch, the backoff remains.
 */
export class RightsWatch {
  readonly #options: RightsWatchOptions;
  readonly #waiters = new Map<string, Waiter>();
  #reflectors: readonly Reflector<string>[] = [];
  #retries = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: RightsWatchOptions) {
    this.#options = options;
  }

  /** Registers a waiter: `notify` is called once when permissions have changed. */
  awaited(key: string, notify: () => void): void {
    if (this.#stopped) return;
    this.#waiters.set(key, { since: this.#options.clock.monotonic(), notify });
    if (this.#reflectors.length > 0) return;
    this.#reflectors = PATHS.map((path) => this.#watch(path));
    this.#options.clock.after(LINGER_MS, () => this.#check());
  }

  /** Stops the watches. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#close();
  }

  #watch(path: string): Reflector<string> {
    const { client, clock, logger } = this.#options;
    const reflector: Reflector<string> = new Reflector<string>({
      client,
      clock,
      logger,
      path,
      mode: "metadata",
      reduce: ({ metadata }) => metadata.uid,
      uidOf: (uid) => uid,
      refusedPauseMs: REFUSED_MS,
      onEvent: () => {
        if (reflector.synced) this.#changed();
      },
    });
    reflector.start();
    return reflector;
  }

  #changed(): void {
    this.#retries = 2;
    this.#timer ??= this.#options.clock.after(SOON_MS, () => this.#notify());
  }

  #notify(): void {
    const waiters = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const { notify } of waiters) notify();
    this.#timer = --this.#retries > 0 ? this.#options.clock.after(AGAIN_MS, () => this.#notify()) : undefined;
  }

  /** Stops the watches when there are no waiters left. */
  #check(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const now = clock.monotonic();
    for (const [key, { since }] of this.#waiters) if (now - since >= LINGER_MS) this.#waiters.delete(key);
    if (this.#waiters.size === 0) void this.#close();
    else clock.after(LINGER_MS, () => this.#check());
  }

  async #close(): Promise<void> {
    const open = this.#reflectors;
    this.#reflectors = [];
    await Promise.all(open.map((reflector) => reflector.stop()));
  }
}
