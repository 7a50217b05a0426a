import type { Clock } from "../../base/clock.js";
import { isNewer } from "../object.js";
import { isNeverHeld, isReleased, isUnchanged, type LeaseRecord } from "./lease-record.js";

/**
 * A standby's view of a lease, and when it may acquire it. Only the time since the last *observed* change counts, by the local
 * monotonic clock: a live holder started its last renewal before that. The timestamps in the record are ignored, so wrong or
 * jumping clocks cannot cause a second leader.
 */
export class LeaseObservation {
  readonly #clock: Clock;
  readonly #durationMs: number;
  #record: LeaseRecord | undefined;
  /** Longest lease duration of an observed holder. */
  #heldForMs: number;
  /** Monotonic time of the last change; undefined before the first observation. */
  #changedAt: number | undefined;
  #isFree = false;
  #neverExisted: boolean;

  /**
   * `durationMs` is the minimum duration granted to any holder, regardless of the record. With `neverExisted`, no process can
   * have held the lease before, so a lease without a holder is free.
   */
  constructor(clock: Clock, durationMs: number, neverExisted = false) {
    this.#clock = clock;
    this.#neverExisted = neverExisted;
    this.#durationMs = durationMs;
    this.#heldForMs = durationMs;
  }

  /** The last observed lease; undefined if there was none. */
  get record(): LeaseRecord | undefined {
    return this.#record;
  }

  /**
   * Records the state of the lease. A state older than the known one is ignored, unless it was read anew (`isListed`): versions go
   * back when etcd is restored.
   */
  observe(record: LeaseRecord, isListed = false): void {
    const known = this.#record;
    const { resourceVersion } = record.object.metadata;
    if (!isListed && known && isNewer(known.object.metadata.resourceVersion, resourceVersion)) return;
    this.#record = record;
    const isFirst = this.#neverExisted && isNeverHeld(record);
    this.#neverExisted = isFirst;
    if (known && isUnchanged(known, record)) return;
    this.#changedAt = this.#clock.monotonic();
    this.#isFree = isFirst || isReleased(record);
    // Without a holder, the last one may still count on its own duration.
    const leastMs = record.holder === "" ? this.#heldForMs : this.#durationMs;
    this.#heldForMs = Math.max(leastMs, record.durationSeconds * 1000);
  }

  /** Records that there is no lease. It may have been deleted manually, without its holder knowing yet. */
  observeAbsent(): void {
    if (this.#changedAt !== undefined) this.#neverExisted = false;
    this.#record = undefined;
    this.#changedAt = this.#clock.monotonic();
    this.#isFree = this.#neverExisted;
  }

  /** Whether there is no lease, but a process may hold it: a lease without a holder must be created and observed first. */
  get isMissing(): boolean {
    return this.#changedAt !== undefined && this.#record === undefined && !this.#isFree;
  }

  /**
   * Returns the milliseconds until the lease may be acquired, or created if it is missing: 0 for now, infinite before the first
   * observation.
   */
  waitMs(): number {
    if (this.#changedAt === undefined) return Number.POSITIVE_INFINITY;
    if (this.#isFree || this.#record === undefined) return 0;
    return Math.max(0, this.#changedAt + this.#heldForMs - this.#clock.monotonic());
  }
}
