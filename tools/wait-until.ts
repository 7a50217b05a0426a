/** A condition was not met in time. */
export class WaitTimeoutError extends Error {
  readonly code = "WAIT_TIMEOUT";

  constructor(what: string, timeoutMs: number, last: string | undefined) {
    super(`${what}: not after ${timeoutMs / 1000} s${last === undefined ? "" : ` (last answer: ${last})`}`);
    this.name = "WaitTimeoutError";
  }
}

/** Options of `waitUntil`. */
export interface WaitOptions {
  /** Description of the condition, for the error message. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Poll interval. Defaults to 50 ms. */
  readonly intervalMs?: number;
}

/**
 * Polls `probe` until it returns something other than undefined or false, and returns that. An error of `probe` counts as
 * "not yet", except a `FatalWaitError`; the last error is included in the `WaitTimeoutError`.
 */
export async function waitUntil<T>(
  options: WaitOptions,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  let last: string | undefined;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      if (error instanceof FatalWaitError) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) throw new WaitTimeoutError(options.what, options.timeoutMs, last);
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? 50));
  }
}

/** Thrown by a probe to stop waiting, for example because the process has exited. */
export class FatalWaitError extends Error {
  readonly code: string = "WAIT_HOPELESS";
}
