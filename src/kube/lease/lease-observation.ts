import type { Clock } from "../../base/clock.js";
import { isNewer } from "../object.js";
import { isReleased, isUnchanged, type LeaseRecord } from "./lease-record.js";

/**
 * What a standby has seen of a lease, and when it may take it. Only the time since the record was last *seen* to change
 * counts, by the own monotonic clock: a holder that lives has begun its last renewal before that. The times in the record
 * are never looked at, so no clock that is wrong or jumps makes a second leader.
 */
export class LeaseObservation {
  readonly #clock: Clock;
  readonly #durationMs: number;
  #record: LeaseRecord | undefined;
  /** Longest time that a holder which was seen may still count on. */
  #heldForMs: number;
  /** Monotonic time of the last change; undefined before anything was seen. */
  #changedAt: number | undefined;
  #freeAtOnce = false;
  #neverWas: boolean;

  /**
   * `durationMs` is the least time that any holder is granted, whatever the record says. `neverWas`: nobody can have held the
   * lease before, so that none is to be waited for.
   */
  constructor(clock: Clock, durationMs: number, neverExisted = false) {
    this.#clock = clock;
    this.#neverWas = neverExisted;
    this.#durationMs = durationMs;
    this.#heldForMs = durationMs;
  }

  /** The lease as last seen; undefined when there was none. */
  get record(): LeaseRecord | undefined {
    return this.#record;
  }

  /** Takes in how the lease is. What is older than what is known already is passed over. */
  observe(record: LeaseRecord): void {
    const known = this.#record;
    if (known && isNewer(known.object.metadata.resourceVersion, record.object.metadata.resourceVersion)) return;
    this.#record = record;
    this.#neverWas = false;
    if (known && isUnchanged(known, record)) return;
    this.#changedAt = this.#clock.monotonic();
    this.#freeAtOnce = isReleased(record);
    this.#heldForMs = Math.max(this.#durationMs, record.durationSeconds * 1000);
  }

  /**
   * Takes in that there is no lease. It may have been deleted by hand, and its holder not know yet: so it counts as held for
   * as long as it could be.
   */
  observeAbsent(): void {
    if (this.#record === undefined && this.#changedAt !== undefined && !this.#freeAtOnce) return;
    this.#record = undefined;
    this.#changedAt = this.#clock.monotonic();
    this.#freeAtOnce = this.#neverWas;
    this.#neverWas = false;
  }

  /** Milliseconds until the lease may be taken: 0 for now, infinite before anything was seen. */
  waitMs(): number {
    if (this.#changedAt === undefined) return Number.POSITIVE_INFINITY;
    if (this.#freeAtOnce) return 0;
    return Math.max(0, this.#changedAt + this.#heldForMs - this.#clock.monotonic());
  }
}
