/** A condition that did not come true in its time. */
export class WaitTimeoutError extends Error {
  readonly code = "WAIT_TIMEOUT";

  constructor(what: string, timeoutMs: number, last: string | undefined) {
    super(`${what}: not after ${timeoutMs / 1000} s${last === undefined ? "" : ` (last answer: ${last})`}`);
    this.name = "WaitTimeoutError";
  }
}

/** How long and how often `waitUntil` looks. */
export interface WaitOptions {
  /** What is waited for, as the error is to say it. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Pause between two looks; 50 ms unless told. */
  readonly intervalMs?: number;
}

/**
 * Looks again and again until `probe` answers something other than undefined and false, and returns that. A throw of
 * `probe` counts as "not yet", unless it is a `FatalWaitError`; the last one is told in the `WaitTimeoutError`.
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

/** Thrown by a probe when waiting longer is of no use, for example because the process has ended. */
export class FatalWaitError extends Error {
  readonly code: string = "WAIT_HOPELESS";
}
