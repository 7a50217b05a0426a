import type { Clock, Timer } from "../../base/clock.js";

/**
 * A watch without data for this long counts as dead. The API server sends a bookmark every minute even without changes (measured
 * on 1.35: after 60 to 62 s); the remainder is a margin for a busy server.
 */
export const SILENCE_MS = 90_000;
/** Maximum wait. */
const MAX_SILENCE_MS = 600_000;

/**
 * Monitors the successive watches of one collection for liveness. A half-open connection, or one that a middlebox keeps open,
 * looks like a collection without changes; only bookmarks distinguish them. Each silence extends the next wait until data
 * arrives: some servers send no bookmarks, and the API server sends none for a kind without a change since its start (for up to
 * ten minutes, depending on etcd's configuration).
 */
export class WatchLiveness {
  readonly #clock: Clock;
  readonly #shortMs: number;
  #limitMs: number;
  #heardAt = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, shortMs: number = SILENCE_MS) {
    this.#clock = clock;
    this.#shortMs = shortMs;
    this.#limitMs = shortMs;
  }

  /** Starts monitoring a watch. `onSilence` is called once, with the seconds, if no data arrives for too long. */
  begin(onSilence: (seconds: number) => void): void {
    this.end();
    this.#heardAt = this.#clock.monotonic();
    this.#listen(this.#limitMs, onSilence);
  }

  /** Records that data arrived. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
    this.#limitMs = this.#shortMs;
  }

  /** Stops monitoring. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Uses one timer per elapsed limit, regardless of how much data arrives. */
  #listen(ms: number, onSilence: (seconds: number) => void): void {
    this.#timer = this.#clock.after(ms, () => {
      const limit = this.#limitMs;
      const left = limit - (this.#clock.monotonic() - this.#heardAt);
      if (left >= 1) return this.#listen(left, onSilence);
      this.#limitMs = Math.min(limit * 2, Math.max(MAX_SILENCE_MS, this.#shortMs));
      onSilence(limit / 1000);
    });
  }
}
