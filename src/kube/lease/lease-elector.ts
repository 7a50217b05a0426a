import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { LeadershipGate } from "../../base/write-gate.js";
import type { KubeClient } from "../client/kube-client.js";
import { LeaseHolder } from "./lease-holder.js";
import { type LeaseHolding, type LeaseMetadata, type LeaseRecord, microTime } from "./lease-record.js";
import { LeaseStandby } from "./lease-standby.js";
import { LeaseStore } from "./lease-store.js";

/** How long a lease holds and how often it is renewed, in milliseconds. */
export interface LeaseTiming {
  /** Others wait this long after they saw the last renewal. */
  readonly durationMs: number;
  /** The holder stops writing this long after it began its last successful renewal; shorter than the duration. */
  readonly renewDeadlineMs: number;
  /** Between two renewals, and between two tries. */
  readonly retryMs: number;
}

/** Told what an elector does, for the metrics. */
export interface LeaseObserver {
  leads(yes: boolean): void;
  renewed(result: "error" | "success"): void;
}

/** How an elector is set up. */
export interface LeaseElectorOptions {
  /** For the lease alone: it must neither wait behind other requests nor be fenced by the gate. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly name: string;
  /** What others can see of this installation. */
  readonly metadata?: LeaseMetadata | undefined;
  /** Name of this process. Nothing is built on it being unique. */
  readonly identity: string;
  readonly timing: LeaseTiming;
  readonly gate: LeadershipGate;
  /** No process has ever led here: a lease that is not there was not deleted by hand. */
  readonly firstEver: boolean;
  readonly observer: LeaseObserver;
}

/**
 * Makes one of several processes the leader. A standby follows the lease by a watch and sends no request; the leader sends
 * one renewal in each period. The gate is open from a renewal until its deadline, and others wait longer than that.
 */
export class LeaseElector {
  readonly #options: LeaseElectorOptions;
  readonly #store: LeaseStore;
  readonly #standby: LeaseStandby;
  #holder: LeaseHolder | undefined;

  constructor(options: LeaseElectorOptions) {
    const { client, clock, logger, namespace, name, metadata, timing, firstEver } = options;
    const { durationMs, retryMs, renewDeadlineMs: usableMs } = timing;
    this.#options = options;
    // Half of the deadline: a connection that hangs leaves time for a second try.
    const store = new LeaseStore({ client, clock, namespace, name, metadata, timeoutMs: usableMs / 2 });
    const holding = (from: LeaseRecord | undefined): LeaseHolding => this.#holding(from);
    const times = { durationMs, usableMs, retryMs };
    this.#store = store;
    this.#standby = new LeaseStandby({ client, store, clock, logger, name, ...times, holding, firstEver });
    options.gate.onClosed(() => options.observer.leads(false));
  }

  /** Who leads; undefined before that is known, empty when nobody does. */
  get leader(): string | undefined {
    return this.#holder && this.#options.gate.open ? this.#options.identity : this.#standby.holder;
  }

  /** Why we cannot take part in the election; undefined when we can. */
  get problem(): string | undefined {
    return this.#holder ? undefined : this.#standby.problem;
  }

  /** Waits until we lead: true; false when `signal` aborted before. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { gate, observer, logger, identity, timing } = this.#options;
    const taken = await this.#standby.acquire(signal);
    if (!taken) return false;
    gate.openUntil(taken.began + timing.renewDeadlineMs);
    this.#holder = new LeaseHolder(this.#holderOptions(), taken);
    observer.leads(gate.open);
    logger.info("leading", { identity, transitions: taken.record.transitions });
    return true;
  }

  /** Gives the lease up, so that another can take it at once. All work must have ended: the gate closes for good. */
  async release(): Promise<void> {
    await this.#holder?.release();
  }

  #holderOptions(): ConstructorParameters<typeof LeaseHolder>[0] {
    const { clock, logger, gate, timing, observer } = this.#options;
    const { renewDeadlineMs, retryMs } = timing;
    const onRenewal = (result: "error" | "success"): void => observer.renewed(result);
    return { store: this.#store, clock, logger, gate, renewDeadlineMs, retryMs, onRenewal };
  }

  #holding(from: LeaseRecord | undefined): LeaseHolding {
    const { clock, identity, timing } = this.#options;
    const now = microTime(clock.now());
    const transitions = from ? from.transitions + 1 : 0;
    const durationSeconds = Math.ceil(timing.durationMs / 1000);
    return { holder: identity, durationSeconds, acquireTime: now, renewTime: now, transitions };
  }
}
