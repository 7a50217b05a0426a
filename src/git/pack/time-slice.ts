/** Maximum time that a long computation blocks the event loop. */
const SLICE_MS = 10;

/** Yields to the event loop during a long computation: `if (slice.due) await slice.pause()`. */
export class TimeSlice {
  #until = performance.now() + SLICE_MS;

  /** Whether the time slice is used up. */
  get due(): boolean {
    return performance.now() > this.#until;
  }

  async pause(): Promise<void> {
    await new Promise(setImmediate);
    this.#until = performance.now() + SLICE_MS;
  }
}
