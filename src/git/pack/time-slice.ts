/** Longest time that a long computation keeps the event loop to itself. */
const SLICE_MS = 10;

/** Lets others run now and then during a long computation: `if (pacer.due) await pacer.pause()`. */
export class TimeSlice {
  #until = performance.now() + SLICE_MS;

  /** Whether a slice of time is used up. */
  get due(): boolean {
    return performance.now() > this.#until;
  }

  async pause(): Promise<void> {
    await new Promise(setImmediate);
    this.#until = performance.now() + SLICE_MS;
  }
}
