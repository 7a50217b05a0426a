import type { Clock } from "../../base/clock.js";

/**
 * Wakes those who wait for a change. A ring wakes everybody who waits at that moment; what changed they look up themselves.
 */
export class ChangeNotifier {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed. */
  ring(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Wakes everybody, and nobody waits from now on: the process is about to stop. */
  close(): void {
    this.#closed = true;
    this.ring();
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Waits for the next ring, for at most `ms` milliseconds, and not longer than `signal` lasts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || ms <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        timer.cancel();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = this.#clock.after(ms, wake);
      signal.addEventListener("abort", wake);
      this.#waiting.add(wake);
    });
  }

  /**
   * Asks `probe` again after every ring until it gives something, for at most `ms` milliseconds. Undefined when nothing came,
   * the client left or the process stops.
   */
  async until<T>(probe: () => T | undefined, ms: number, signal: AbortSignal): Promise<T | undefined> {
    const deadline = this.#clock.monotonic() + ms;
    for (;;) {
      if (signal.aborted) return undefined;
      const found = probe();
      const left = deadline - this.#clock.monotonic();
      if (found !== undefined || left <= 0 || this.#closed) return found;
      await this.wait(left, signal);
    }
  }
}
