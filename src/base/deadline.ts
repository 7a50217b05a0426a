import type { Clock } from "./clock.js";

/** A timeout and its error. */
export interface TimeLimit {
  readonly ms: number;
  readonly expired: () => Error;
}

/**
 * Runs `work` with a signal that aborts with `signal`, or after `ms` with the error from `expired`. Once it has aborted, any error
 * of `work` is replaced by the signal's reason, which is the actual cause.
 */
export async function withDeadline<T>(
  options: TimeLimit & { readonly clock: Clock; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, signal, ms, expired } = options;
  signal.throwIfAborted();
  const controller = new AbortController();
  const forward = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", forward, { once: true });
  const timer = clock.after(ms, () => controller.abort(expired()));
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", forward);
  }
}
