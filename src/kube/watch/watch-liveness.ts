import type { Clock, Timer } from "../../base/clock.js";

/**
 * A watch on which nothing came for so long is dead. The API server sends a bookmark a minute even where nothing happens
 * (measured on 1.35: after 60 to 62 s); the rest is for a server that is busy.
 */
export const SILENCE_MS = 90_000;
/** The longest wait. */
const MOST_SILENCE_MS = 600_000;

/**
 * Listens for signs of life of the watches of one collection, one watch after the other. A connection that died without a
 * word, or is held open by something in between, looks like one on which nothing happens; only the bookmarks tell them
 * apart. A silence makes the next wait longer, until something is heard: some servers send no bookmarks, and the API server
 * none of a kind of which it has not seen a change since its start (up to ten minutes, as etcd is set up).
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

  /** A watch begins. `onSilence` is called once, with the seconds, when nothing was heard for too long. */
  begin(onSilence: (seconds: number) => void): void {
    this.end();
    this.#heardAt = this.#clock.monotonic();
    this.#listen(this.#limitMs, onSilence);
  }

  /** Something came, whatever it is. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic();
    this.#limitMs = this.#shortMs;
  }

  /** The watch has ended. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** One timer for each limit that goes by, however much is heard meanwhile. */
  #listen(ms: number, onSilence: (seconds: number) => void): void {
    this.#timer = this.#clock.after(ms, () => {
      const limit = this.#limitMs;
      const left = limit - (this.#clock.monotonic() - this.#heardAt);
      if (left >= 1) return this.#listen(left, onSilence);
      this.#limitMs = Math.min(limit * 2, Math.max(MOST_SILENCE_MS, this.#shortMs));
      onSilence(limit / 1000);
    });
  }
}
