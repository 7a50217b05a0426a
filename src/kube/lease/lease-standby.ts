import { jitter } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { KubeClient } from "../client/kube-client.js";
import { Reflector } from "../watch/reflector.js";
import { LeaseObservation } from "./lease-observation.js";
import { type LeaseHolding, type LeaseRecord, readLease, unheldLease } from "./lease-record.js";
import type { LeaseStore } from "./lease-store.js";

/** A newly acquired lease. */
export interface AcquiredLease {
  readonly record: LeaseRecord;
  /** Monotonic time at which the acquiring request was sent: the lease is valid from then on. */
  readonly began: number;
}

/** Options of a standby. */
export interface LeaseStandbyOptions {
  readonly client: KubeClient;
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of the lease. */
  readonly name: string;
  readonly durationMs: number;
  /** An acquisition whose response takes longer than this is not used: the lease must expire. */
  readonly usableMs: number;
  readonly retryMs: number;
  /** Returns the holding to write when acquiring an existing lease or creating one. */
  readonly holding: (from: LeaseRecord | undefined) => LeaseHolding;
  /** Whether no process has ever led here, so that a missing lease was not deleted manually. */
  readonly firstEver: boolean;
  /** Called with each holder that is observed; empty if there is none. */
  readonly onHolder?: ((holder: string) => void) | undefined;
  /** Returns how long a free lease is left to other processes, in milliseconds. */
  readonly hesitateMs?: (() => number) | undefined;
}

/** Watches a lease, without requests while it is held, and acquires it once it is free. */
export class LeaseStandby {
  readonly #options: LeaseStandbyOptions;
  readonly #observation: LeaseObservation;
  readonly #reflector: Reflector<LeaseRecord>;
  #problem: string | undefined;
  #holder: string | undefined;
  #wake: () => void = () => {};

  constructor(options: LeaseStandbyOptions) {
    this.#options = options;
    this.#observation = new LeaseObservation(options.clock, options.durationMs, options.firstEver);
    this.#reflector = this.#follow();
  }

  /** Holder of the lease; undefined before the first observation, empty if there is none. */
  get holder(): string | undefined {
    return this.#holder;
  }

  /** The last observed lease; undefined if there was none. */
  get record(): LeaseRecord | undefined {
    return this.#observation.record;
  }

  /** Why the lease cannot be watched or acquired; undefined if it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Waits until the lease is acquired; undefined if `signal` aborts first. */
  async acquire(signal: AbortSignal): Promise<AcquiredLease | undefined> {
    this.#reflector.start();
    let hasHesitated = false;
    try {
      while (!signal.aborted) {
        const wait = this.#observation.waitMs();
        if (wait > 0) {
          hasHesitated = false;
          await this.#pause(wait, signal);
          continue;
        }
        const hesitation = hasHesitated ? 0 : (this.#options.hesitateMs?.() ?? 0);
        if (hesitation > 0) {
          hasHesitated = true;
          await this.#pause(hesitation, signal);
          continue;
        }
        const acquired = await this.#tryAcquire();
        if (acquired) return acquired;
        await this.#pause(jitter(this.#options.retryMs, 0.2, Math.random()), signal);
      }
      return undefined;
    } finally {
      await this.#reflector.stop();
    }
  }

  #follow(): Reflector<LeaseRecord> {
    const { client, clock, logger, name, store } = this.#options;
    return new Reflector<LeaseRecord>({
      client,
      clock,
      logger,
      path: store.path,
      fieldSelector: `metadata.name=${name}`,
      mode: "full",
      reduce: readLease,
      uidOf: (record) => record.object.metadata.uid,
      onEvent: (event) =>
        event.type === "Deleted" ? this.#observe(undefined) : this.#observe(event.object, event.listed),
      onSync: (error) => {
        if (error !== undefined) this.#problem = messageOf(store.explain(error));
        else if (this.#reflector.store.size === 0) this.#observe(undefined);
      },
    });
  }

  #observe(record: LeaseRecord | undefined, isListed = false): void {
    if (record) this.#observation.observe(record, isListed);
    else this.#observation.observeAbsent();
    this.#problem = undefined;
    const holder = this.#observation.record?.holder ?? "";
    const isNew = holder !== this.#holder;
    if (isNew) this.#options.logger.info("standing by", { holder });
    this.#holder = holder;
    if (isNew) this.#options.onHolder?.(holder);
    this.#wake();
  }

  /**
   * Tries once. A request whose response is lost counts as another process's, so the lease must expire first. A missing lease is
   * created without a holder: nothing makes a creation fail if the lease was created, acquired and deleted meanwhile, whereas the
   * update that follows carries the resourceVersion that was observed.
   */
  async #tryAcquire(): Promise<AcquiredLease | undefined> {
    const { clock, store, holding, logger, retryMs, usableMs } = this.#options;
    const began = clock.monotonic();
    const from = this.#observation.record;
    try {
      if (this.#observation.isMissing) {
        this.#observe((await store.create(unheldLease(holding(undefined)))) ?? (await store.get()));
        return undefined;
      }
      const record = from ? await store.update(from, holding(from)) : await store.create(holding(undefined));
      if (record && clock.monotonic() - began < usableMs) return { record, began };
      this.#observe(record ?? (await store.get()), true);
    } catch (error) {
      this.#problem = messageOf(error);
      logger.warn("failed to acquire the lease", { error: this.#problem, retryInMs: retryMs });
    }
    return undefined;
  }

  /** Waits for a time, for a change of the lease, or for `signal`. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer?.cancel();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = Number.isFinite(ms) ? this.#options.clock.after(ms, wake) : undefined;
      this.#wake = wake;
      signal.addEventListener("abort", wake);
      if (signal.aborted) wake();
    });
  }
}
