/** A cancelable timer. */
export interface Timer {
  cancel(): void;
}

/** Source of time, injected everywhere so that tests control it. */
export interface Clock {
  /** Milliseconds since the epoch, for display. */
  now(): number;
  /** Milliseconds that never go backwards, for measurements and deadlines. */
  monotonic(): number;
  /** Calls `fn` once after `ms` milliseconds. Does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
}

/** Maximum delay of a Node timer; longer ones fire immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The system clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, Math.min(Math.max(0, ms), MAX_TIMER_MS));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** The last second of the year 9999, the latest year in RFC 3339. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * Formats a time in RFC 3339 with whole seconds, as Kubernetes does. Times outside the years 1970 to 9999, which a commit may
 * claim, are clamped.
 */
export function rfc3339(ms: number): string {
  const within = Math.min(Math.max(Number.isNaN(ms) ? 0 : ms, 0), LAST_MS);
  return new Date(Math.floor(within / 1000) * 1000).toISOString().replace(".000Z", "Z");
}
