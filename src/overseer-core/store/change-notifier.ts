import type { Clock } from "../../base/clock.js";

/**
 * Notifies waiting requests of changes. A notification carries no data: waiters read the changes themselves.
 */
export class ChangeNotifier {
  readonly #clock: Clock;
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notifies all waiters. */
  notify(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Notifies all waiters and disables waiting, before the process stops. */
  close(): void {
    this.#closed = true;
    this.notify();
  }

  /** True after `close`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Waits for the next notification, for at most `ms` milliseconds or until `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || ms <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        timer.cancel();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = this.#clock.after(ms, wake);
      signal.addEventListener("abort", wake);
      this.#waiters.add(wake);
    });
  }

  /**
   * Calls `probe` after every notification until it returns a value, for at most `ms` milliseconds. Returns undefined
   * after the timeout, when the client disconnects or when the process stops.
   */
  async until<T>(probe: () => T | undefined, ms: number, signal: AbortSignal): Promise<T | undefined> {
    const deadline = this.#clock.monotonic() + ms;
    for (;;) {
      if (signal.aborted) return undefined;
      const found = probe();
      const remainingMs = deadline - this.#clock.monotonic();
      if (found !== undefined || remainingMs <= 0 || this.#closed) return found;
      await this.wait(remainingMs, signal);
    }
  }
}
