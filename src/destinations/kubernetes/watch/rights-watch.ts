import type { Clock, Timer } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { Reflector } from "../../../kube/watch/reflector.js";

/** What rights are made of. */
const PATHS = ["roles", "rolebindings", "clusterroles", "clusterrolebindings"].map(
  (plural) => `/apis/rbac.authorization.k8s.io/v1/${plural}`,
);
/** After a change: the authorizer of the API server learns of it by a watch, too. */
const SOON_MS = 500;
/** Once more, for those who were refused again: and never more often than that, however often rights change. */
const AGAIN_MS = 5_000;
/** Who has not been refused for so long waits no more; longer than the longest rest of an app that sets none. */
const LINGER_MS = 600_000;
/** Without the right to see rights, it is asked for this rarely. */
const REFUSED_MS = 300_000;

/** What the watch needs. */
export interface RightsWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Awaiting {
  readonly since: number;
  readonly wake: () => void;
}

/**
 * Tells those who were refused for a missing right that rights have changed, so that they need not wait for the end of their
 * rest. Watches only while somebody waits: four watches, of metadata. Where the operator may not see rights, the rest remains.
 */
export class RightsWatch {
  readonly #options: RightsWatchOptions;
  readonly #awaiting = new Map<string, Awaiting>();
  #reflectors: readonly Reflector<string>[] = [];
  #retries = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: RightsWatchOptions) {
    this.#options = options;
  }

  /** Somebody was refused: `wake` is called once when rights have changed. */
  awaited(who: string, wake: () => void): void {
    if (this.#stopped) return;
    this.#awaiting.set(who, { since: this.#options.clock.monotonic(), wake });
    if (this.#reflectors.length > 0) return;
    this.#reflectors = PATHS.map((path) => this.#watch(path));
    this.#options.clock.after(LINGER_MS, () => this.#check());
  }

  /** Ends the watches. */
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
    this.#timer ??= this.#options.clock.after(SOON_MS, () => this.#wake());
  }

  #wake(): void {
    const awaiting = [...this.#awaiting.values()];
    this.#awaiting.clear();
    for (const { wake } of awaiting) wake();
    this.#timer = --this.#retries > 0 ? this.#options.clock.after(AGAIN_MS, () => this.#wake()) : undefined;
  }

  /** Ends the watches when nobody waits any more. */
  #check(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    const now = clock.monotonic();
    for (const [who, { since }] of this.#awaiting) if (now - since >= LINGER_MS) this.#awaiting.delete(who);
    if (this.#awaiting.size === 0) void this.#close();
    else clock.after(LINGER_MS, () => this.#check());
  }

  async #close(): Promise<void> {
    const open = this.#reflectors;
    this.#reflectors = [];
    await Promise.all(open.map((reflector) => reflector.stop()));
  }
}
