import type { Clock } from "../../base/clock.js";

/** How long a value is kept, in milliseconds. */
export interface Lifetime {
  readonly ms: number;
  /** How long an error is kept; 0 for not at all. Defaults to 0. */
  readonly errorMs?: (error: unknown) => number;
}

interface Entry<T> {
  readonly value: Promise<T>;
  until: number;
}

/** A cache of asynchronous results with a limited lifetime and number. Concurrent callers share one request. */
export class ExpiringCache<T> {
  readonly #clock: Clock;
  readonly #max: number;
  /** In the order of their creation. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Returns the value of a key, which `load` supplies if it is missing or has expired. Rejects with the error of `load`. */
  get(key: string, load: () => Promise<T>, { ms, errorMs = () => 0 }: Lifetime): Promise<T> {
    const now = this.#clock.monotonic();
    const known = this.#entries.get(key);
    if (known && known.until > now) return known.value;
    this.#entries.delete(key);
    const entry: Entry<T> = { value: load(), until: Number.POSITIVE_INFINITY };
    this.#entries.set(key, entry);
    this.#shrink(now);
    entry.value.then(
      () => {
        entry.until = this.#clock.monotonic() + ms;
      },
      (error: unknown) => {
        entry.until = this.#clock.monotonic() + errorMs(error);
      },
    );
    return entry.value;
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.#entries.delete(key);
  }

  #shrink(now: number): void {
    if (this.#entries.size <= this.#max) return;
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) return;
      this.#entries.delete(key);
    }
  }
}
