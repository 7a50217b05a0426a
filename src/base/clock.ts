/** A timer that can be called off. */
export interface Timer {
  cancel(): void;
}

/** Time, given to every part by its constructor, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch: for what people read. */
  now(): number;
  /** Milliseconds that never go backwards: for measuring and for deadlines. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. Never keeps the process alive by itself. */
  after(ms: number, fn: () => void): Timer;
}

/** The longest delay that a Node timer takes; longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** The last second of the year 9999: RFC 3339 has no later year. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * RFC 3339 in whole seconds, as Kubernetes writes it. Times outside of the years 1970 to 9999, which a commit may claim,
 * become the nearest that can be written.
 */
export function rfc3339(ms: number): string {
  const within = Math.min(Math.max(Number.isNaN(ms) ? 0 : ms, 0), LAST_MS);
  return new Date(Math.floor(within / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
