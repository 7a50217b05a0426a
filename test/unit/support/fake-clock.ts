import type { Clock, Timer } from "../../../src/base/clock.js";

interface Waiting {
  readonly at: number;
  readonly fn: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in the order of their times, within `advance`. */
export class FakeClock implements Clock {
  #elapsed = 0;
  #start: number;
  readonly #timers = new Set<Waiting>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, fn: () => void): Timer {
    const waiting: Waiting = { at: this.#elapsed + Math.max(0, ms), fn };
    this.#timers.add(waiting);
    return { cancel: () => this.#timers.delete(waiting) };
  }

  /** How many milliseconds are left of each timer, the next one first. */
  get timers(): readonly number[] {
    return [...this.#timers].map(({ at }) => at - this.#elapsed).sort((a, b) => a - b);
  }

  /** Somebody sets the clock forward, or back: what time it is changes, and no time goes by. */
  set(ms: number): void {
    this.#start += ms;
  }

  /** Moves on by `ms`, and fires what comes due on the way. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#nextUntil(end); next; next = this.#nextUntil(end)) {
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.fn();
    }
    this.#elapsed = end;
  }

  #nextUntil(end: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#timers) if (waiting.at <= end && (!first || waiting.at < first.at)) first = waiting;
    return first;
  }
}
