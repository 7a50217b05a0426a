import { LRUCache } from "lru-cache";
import type { Clock, Timer } from "../../../base/clock.js";
import { type BucketSize, TokenBucket } from "../../../base/token-bucket.js";

/** State of one key. */
interface Entry {
  readonly bucket: TokenBucket;
  /** The next run, if it is delayed. */
  next: Timer | undefined;
  running: boolean;
  /** Whether it changed during the run. */
  again: boolean;
}

/** Limit of remembered keys; the least recently used are dropped. */
const MAX_KEYS = 1_000;

/**
 * Runs work for changed keys immediately, but rate-limits each key, so that one that changes all the time costs little and delays
 * no other. Changes during the delay are covered by the next run; the last change of each key is never lost.
 */
export class ChangeThrottle {
  readonly #clock: Clock;
  readonly #size: BucketSize;
  readonly #entries = new LRUCache<string, Entry>({ max: MAX_KEYS });
  #stopped = false;

  constructor(clock: Clock, size: BucketSize) {
    this.#clock = clock;
    this.#size = size;
  }

  /** Reports a changed key: `work` is called immediately or once the rate limit allows it, and never concurrently per key. */
  changed(key: string, work: () => Promise<void>): void {
    const entry = this.#entryOf(key);
    if (entry.running) entry.again = true;
    else if (entry.next === undefined) this.#queue(entry, work);
  }

  /** Cancels all delayed work. */
  stop(): void {
    this.#stopped = true;
    for (const { next } of this.#entries.values()) next?.cancel();
    this.#entries.clear();
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known) return known;
    const bucket = new TokenBucket(this.#clock, this.#size);
    const entry: Entry = { bucket, next: undefined, running: false, again: false };
    this.#entries.set(key, entry);
    return entry;
  }

  #queue(entry: Entry, work: () => Promise<void>): void {
    const wait = entry.bucket.take();
    if (wait === 0) {
      void this.#run(entry, work);
      return;
    }
    entry.next = this.#clock.after(wait, () => {
      entry.next = undefined;
      void this.#run(entry, work);
    });
  }

  async #run(entry: Entry, work: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    entry.running = true;
    await work();
    entry.running = false;
    if (!entry.again) return;
    entry.again = false;
    this.#queue(entry, work);
  }
}
