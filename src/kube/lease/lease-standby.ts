import { jitter } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { KubeClient } from "../client/kube-client.js";
import { Reflector } from "../watch/reflector.js";
import { LeaseObservation } from "./lease-observation.js";
import { type LeaseHolding, type LeaseRecord, readLease } from "./lease-record.js";
import type { LeaseStore } from "./lease-store.js";

/** A lease that was just taken. */
export interface TakenLease {
  readonly record: LeaseRecord;
  /** Monotonic time at which the request was sent that took it: it holds from then on. */
  readonly began: number;
}

/** How a standby is set up. */
export interface LeaseStandbyOptions {
  readonly client: KubeClient;
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of the lease. */
  readonly name: string;
  readonly durationMs: number;
  /** A lease whose answer came later than this is of no use: it has to expire. */
  readonly usableMs: number;
  readonly retryMs: number;
  /** What is to be written to take it over from a record, or to make it. */
  readonly holding: (from: LeaseRecord | undefined) => LeaseHolding;
  /** No process has ever led here: a lease that is not there was not deleted by hand. */
  readonly firstEver: boolean;
}

/** Follows a lease by a watch, without a request as long as somebody holds it, and takes it once it is free. */
export class LeaseStandby {
  readonly #options: LeaseStandbyOptions;
  readonly #sight: LeaseObservation;
  readonly #reflector: Reflector<LeaseRecord>;
  #problem: string | undefined;
  #holder: string | undefined;
  #wake: () => void = () => {};

  constructor(options: LeaseStandbyOptions) {
    this.#options = options;
    this.#sight = new LeaseObservation(options.clock, options.durationMs, options.firstEver);
    this.#reflector = this.#follow();
  }

  /** Who holds the lease; undefined before anything was seen, empty when nobody does. */
  get holder(): string | undefined {
    return this.#holder;
  }

  /** Why the lease cannot be followed or taken; undefined when it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Waits until the lease is ours; undefined when `signal` aborted before. */
  async acquire(signal: AbortSignal): Promise<TakenLease | undefined> {
    this.#reflector.start();
    try {
      while (!signal.aborted) {
        const wait = this.#sight.waitMs();
        if (wait > 0) {
          await this.#pause(wait, signal);
          continue;
        }
        const taken = await this.#take();
        if (taken) return taken;
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
      onEvent: (event) => this.#see(event.type === "Deleted" ? undefined : event.object),
      onSync: (error) => {
        if (error !== undefined) this.#problem = messageOf(store.explain(error));
        else if (this.#reflector.store.size === 0) this.#see(undefined);
      },
    });
  }

  #see(record: LeaseRecord | undefined): void {
    if (record) this.#sight.observe(record);
    else this.#sight.observeAbsent();
    this.#problem = undefined;
    const holder = this.#sight.record?.holder ?? "";
    if (holder !== this.#holder) this.#options.logger.info("standing by", { holder });
    this.#holder = holder;
    this.#wake();
  }

  /** One try. A request whose answer got lost counts as somebody else's: then the lease has to expire first. */
  async #take(): Promise<TakenLease | undefined> {
    const { clock, store, holding, logger, retryMs, usableMs } = this.#options;
    const began = clock.monotonic();
    const from = this.#sight.record;
    try {
      const record = from ? await store.update(from, holding(from)) : await store.create(holding(undefined));
      if (record && clock.monotonic() - began < usableMs) return { record, began };
      this.#see(record ?? (await store.get()));
    } catch (error) {
      this.#problem = messageOf(error);
      logger.warn("failed to acquire the lease", { error: this.#problem, retryInMs: retryMs });
    }
    return undefined;
  }

  /** Waits for a time, for news of the lease, or for the end. */
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
