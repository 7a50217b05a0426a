import type { Clock } from "./clock.js";

/** Capacity and refill rate of a bucket. */
export interface BucketSize {
  /** Maximum burst after an idle period. */
  readonly burst: number;
  /** Sustained rate per second. */
  readonly perSecond: number;
}

/** A rate limiter that allows bursts after idle periods. */
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

  /** Takes a token and returns the milliseconds to wait for it. */
  take(): number {
    const { burst, perSecond } = this.#size;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond) - 1;
    this.#filledAt = now;
    return Math.max(0, (-this.#tokens / perSecond) * 1000);
  }
}
