/** Further apart than this, estimates differ by more than the whole seconds of a `Date` header: a clock was set, or this node slept. */
const TOLERANCE_MS = 2000;

/**
 * The time of an API server, learned from the `Date` headers of its responses. The wall clock of this node is not used, so that setting it
 * changes nothing.
 */
export class ServerClock {
  readonly #monotonic: () => number;
  /** Server time minus monotonic time, in milliseconds. */
  #offset: number | undefined;

  /** `monotonic` returns milliseconds that never go backwards. */
  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Notes the `Date` header of a response that has just arrived. Ignores text that is no date. */
  note(date: string | readonly string[] | undefined): void {
    const time = typeof date === "string" ? Date.parse(date) : Number.NaN;
    if (Number.isNaN(time)) return;
    const offset = time - this.#monotonic();
    const before = this.#offset;
    // A header has whole seconds and is late by the duration of the response: the largest estimate is the best.
    if (before === undefined || offset > before || before - offset > TOLERANCE_MS) this.#offset = offset;
  }

  /** Returns the time of the server in epoch milliseconds, at most about a second late; undefined before its first response. */
  now(): number | undefined {
    return this.#offset === undefined ? undefined : this.#offset + this.#monotonic();
  }
}
