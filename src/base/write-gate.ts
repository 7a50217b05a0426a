import type { Clock, Timer } from "./clock.js";
import { OverseerError } from "./errors.js";

/** A write that was held back or broken off, since this process does not lead (any more). */
export class LeadershipLostError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "LEADERSHIP_LOST", reason: "LeadershipLost", class: "retryable" });
  }
}

/** Says whether this process may change anything outside of itself. Clients ask right before a write leaves. */
export interface WriteGate {
  /** Throws LeadershipLostError unless a write may leave at this very moment. */
  check(): void;
  /**
   * Calls `fn` once when writes have ended for good, at once if they have: for breaking off what is under way. Gives what
   * takes `fn` away again.
   */
  onClosed(fn: (error: LeadershipLostError) => void): () => void;
}

/** The gate of a process that works alone. */
export const openGate: WriteGate = { check() {}, onClosed: () => () => {} };

/**
 * The gate of a process that must lead to write. It is shut at first, opens until a moment that is moved on by each renewal
 * of the lease, and closes for good once that moment has passed. It looks at the clock for each write: a process that
 * was stopped for a while wakes with a closed gate, whatever its timers do.
 */
export class LeadershipGate implements WriteGate {
  readonly #clock: Clock;
  readonly #listeners = new Set<(error: LeadershipLostError) => void>();
  /** Monotonic time until which writes may leave; undefined until the first lease. */
  #until: number | undefined;
  #timer: Timer | undefined;
  #closed: LeadershipLostError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether writes may leave now. */
  get open(): boolean {
    this.#closeIfLate();
    return this.#until !== undefined && this.#closed === undefined;
  }

  /** Opens the gate, or keeps it open, until a monotonic time. False when that has passed, or the gate is closed for good. */
  openUntil(until: number): boolean {
    this.#closeIfLate();
    if (this.#closed || until <= this.#clock.monotonic()) return false;
    this.#until = until;
    this.#setTimer(until);
    return true;
  }

  /** Ends all writes, for good. */
  close(why: string): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#closed = new LeadershipLostError(`this process must not write anymore: ${why}`);
    for (const fn of this.#listeners) fn(this.#closed);
    this.#listeners.clear();
  }

  check(): void {
    if (this.open) return;
    throw (
      this.#closed ?? new LeadershipLostError("this process must not write: it is a standby, and another process leads")
    );
  }

  onClosed(fn: (error: LeadershipLostError) => void): () => void {
    if (this.#closed) fn(this.#closed);
    else this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  /** Timers may fire a little early: then it is set again. */
  #setTimer(until: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(until - this.#clock.monotonic(), () => {
      if (this.open) this.#setTimer(until);
    });
  }

  #closeIfLate(): void {
    if (this.#until !== undefined && this.#clock.monotonic() >= this.#until)
      this.close("the lease was not renewed in time");
  }
}
