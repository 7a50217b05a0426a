import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { LeadershipGate } from "../../base/write-gate.js";
import type { KubeClient } from "../client/kube-client.js";
import { LeaseHolder } from "./lease-holder.js";
import { type LeaseHolding, type LeaseMetadata, type LeaseRecord, microTime } from "./lease-record.js";
import { LeaseStandby } from "./lease-standby.js";
import { LeaseStore } from "./lease-store.js";

/** Lease duration, renew deadline and retry period, in milliseconds. */
export interface LeaseTiming {
  /** Time that other processes wait after observing the last renewal. */
  readonly durationMs: number;
  /** The holder stops writing this long after the start of its last successful renewal; shorter than the duration. */
  readonly renewDeadlineMs: number;
  /** Interval between renewals, and between attempts. */
  readonly retryMs: number;
}

/** Observes an elector, for metrics. */
export interface LeaseObserver {
  leads(yes: boolean): void;
  renewed(result: "error" | "success"): void;
}

/** Options of an elector. */
export interface LeaseElectorOptions {
  /** Client used only for the lease: it must not queue behind other requests nor be fenced by the gate. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly name: string;
  /** Metadata of this installation, visible to other installations. */
  readonly metadata?: LeaseMetadata | undefined;
  /** Name of this process. Correctness does not depend on its uniqueness. */
  readonly identity: string;
  readonly timing: LeaseTiming;
  readonly gate: LeadershipGate;
  /** Whether no process has ever led here, so that a missing lease was not deleted manually. */
  readonly firstEver: boolean;
  readonly observer: LeaseObserver;
  /** How this process shares several leases with others. */
  readonly sharing?: LeaseSharing | undefined;
}

/** How several processes share several leases. */
export interface LeaseSharing {
  /** Called with each holder of the lease that this process observes as standby; empty if there is none. */
  readonly onHolder: (holder: string) => void;
  /** Called when this process has acquired the lease. */
  readonly onAcquired: () => void;
  /** Called with the lease as another client has written it while this process holds it. */
  readonly onForeignWrite: (lease: LeaseRecord) => void;
  /** Returns how long a free lease is left to other processes, in milliseconds. */
  readonly hesitateMs: () => number;
}

/**
 * Elects one of several processes as leader. A standby watches the lease and sends no requests; the leader renews it once per
 * period. The gate is open from a renewal until its deadline, and other processes wait longer than that.
 */
export class LeaseElector {
  readonly #options: LeaseElectorOptions;
  readonly #store: LeaseStore;
  readonly #standby: LeaseStandby;
  #holder: LeaseHolder | undefined;

  constructor(options: LeaseElectorOptions) {
    const { client, clock, logger, namespace, name, metadata, timing, firstEver, sharing } = options;
    const { durationMs, retryMs, renewDeadlineMs: usableMs } = timing;
    this.#options = options;
    // Half of the deadline, so that a hanging connection leaves time for a second attempt.
    const store = new LeaseStore({ client, clock, namespace, name, metadata, timeoutMs: usableMs / 2 });
    const holding = (from: LeaseRecord | undefined): LeaseHolding => this.#holding(from);
    const times = { durationMs, usableMs, retryMs };
    this.#store = store;
    const { onHolder, hesitateMs } = sharing ?? {};
    const standing = { ...times, holding, firstEver, onHolder, hesitateMs };
    this.#standby = new LeaseStandby({ client, store, clock, logger, name, ...standing });
    options.gate.onClosed(() => options.observer.leads(false));
  }

  /** Identity of the leader; undefined if not known yet, empty if there is none. */
  get leader(): string | undefined {
    return this.#holder && this.#options.gate.open ? this.#options.identity : this.#standby.holder;
  }

  /** Why this process cannot take part in the election; undefined if it can. */
  get problem(): string | undefined {
    return this.#holder ? undefined : this.#standby.problem;
  }

  /** Waits until this process leads. Returns false if `signal` aborts first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { gate, observer, logger, identity, timing } = this.#options;
    const acquired = await this.#standby.acquire(signal);
    if (!acquired) return false;
    gate.openUntil(acquired.began + timing.renewDeadlineMs);
    this.#holder = new LeaseHolder(this.#holderOptions(), acquired);
    observer.leads(gate.open);
    this.#options.sharing?.onAcquired();
    logger.info("leading", { identity, transitions: acquired.record.transitions });
    return true;
  }

  /** Adds annotations to the lease that another process holds. Returns false if it has changed meanwhile. */
  async annotate(annotations: Readonly<Record<string, string>>): Promise<boolean> {
    const { client, clock, namespace, name, timing } = this.#options;
    const read = this.#standby.record;
    if (read === undefined) return false;
    const metadata = { labels: {}, annotations };
    const store = new LeaseStore({ client, clock, namespace, name, metadata, timeoutMs: timing.renewDeadlineMs / 2 });
    return (await store.update(read, read)) !== undefined;
  }

  /** Releases the lease, so that another process can acquire it at once. All work must have ended: the gate closes permanently. */
  async release(): Promise<void> {
    await this.#holder?.release();
  }

  #holderOptions(): ConstructorParameters<typeof LeaseHolder>[0] {
    const { clock, logger, gate, timing, observer, sharing } = this.#options;
    const { renewDeadlineMs, retryMs } = timing;
    const onRenewal = (result: "error" | "success"): void => observer.renewed(result);
    const onForeignWrite = sharing?.onForeignWrite;
    return { store: this.#store, clock, logger, gate, renewDeadlineMs, retryMs, onRenewal, onForeignWrite };
  }

  #holding(from: LeaseRecord | undefined): LeaseHolding {
    const { clock, identity, timing } = this.#options;
    const now = microTime(clock.now());
    const transitions = from ? from.transitions + 1 : 0;
    const durationSeconds = Math.ceil(timing.durationMs / 1000);
    return { holder: identity, durationSeconds, acquireTime: now, renewTime: now, transitions };
  }
}
