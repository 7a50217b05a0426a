import type { Clock, Timer } from "./clock.js";
import { OverseerError } from "./errors.js";

/** A write was rejected or aborted because this process is not, or no longer, the leader. */
export class LeadershipLostError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "LEADERSHIP_LOST", reason: "LeadershipLost", class: "retryable" });
  }
}

/** Decides whether this process may write. Clients check it immediately before sending a write. */
export interface WriteGate {
  /** Throws LeadershipLostError unless writes are allowed at this moment. */
  check(): void;
  /**
   * Calls `fn` once when the gate closes permanently, immediately if it has, to abort writes in flight. Returns a function that
   * unsubscribes.
   */
  onClosed(fn: (error: LeadershipLostError) => void): () => void;
}

/** Gate of a process without leader election. */
export const openGate: WriteGate = { check() {}, onClosed: () => () => {} };

/**
 * Gate of a process that writes only as leader. It starts closed, stays open until a deadline that each lease renewal extends,
 * and closes permanently once the deadline has passed. Each write checks the clock, so a process that was suspended resumes
 * with a closed gate, even if its timers are late.
 */
export class LeadershipGate implements WriteGate {
  readonly #clock: Clock;
  readonly #listeners = new Set<(error: LeadershipLostError) => void>();
  /** Monotonic deadline for writes; undefined before the first lease. */
  #until: number | undefined;
  #timer: Timer | undefined;
  #closed: LeadershipLostError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether writes are allowed now. */
  get open(): boolean {
    this.#closeIfLate();
    return this.#until !== undefined && this.#closed === undefined;
  }

  /** Opens the gate, or keeps it open, until a monotonic time. False if that has passed or the gate has closed permanently. */
  openUntil(until: number): boolean {
    this.#closeIfLate();
    if (this.#closed || until <= this.#clock.monotonic()) return false;
    this.#until = until;
    this.#setTimer(until);
    return true;
  }

  /** Closes the gate permanently. */
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

  /** A timer may fire slightly early; it is then set again. */
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
