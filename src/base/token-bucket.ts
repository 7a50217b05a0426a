import type { Clock } from "./clock.js";

/** How much may happen. */
export interface BucketSize {
  /** So much at once, after a while in which nothing happened. */
  readonly burst: number;
  /** So much a second in the long run. */
  readonly perSecond: number;
}

/** Holds down how often something happens, but not what comes after some rest. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #size: BucketSize;
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, size: BucketSize) {
    this.#clock = clock;
    this.#size = size;
    this.#tokens = size.burst;
    this.#filledAt = clock.monotonic();
  }

  /** Takes one, and gives the milliseconds to wait before it may happen. */
  take(): number {
    const { burst, perSecond } = this.#size;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond) - 1;
    this.#filledAt = now;
    return Math.max(0, (-this.#tokens / perSecond) * 1000);
  }
}
