/** Counts something that happens, and lets others wait for the next time. */
export class Signals {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** How often it has happened. */
  get count(): number {
    return this.#count;
  }

  note(): void {
    this.#count++;
    for (const wake of this.#waiting) wake();
  }

  /** Waits until it has happened more than `count` times. Throws the reason of the signal. */
  async after(count: number, signal: AbortSignal): Promise<void> {
    while (this.#count <= count) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
      signal.throwIfAborted();
    }
  }
}
