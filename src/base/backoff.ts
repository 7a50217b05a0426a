/** An exponential delay: `baseMs`, doubled each attempt, never above `maxMs`. */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Returns the delay before attempt `attempt + 1`, where `attempt` counts the failures so far (1 = after the first failure). */
export function backoffDelay(policy: BackoffPolicy, attempt: number): number {
  if (attempt <= 0) return 0;
  return Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.min(attempt - 1, 60));
}

/** Spreads `ms` by up to ± `share` of itself; `random` is in [0, 1). */
export function jitter(ms: number, share: number, random: number): number {
  return ms * (1 + share * (2 * random - 1));
}

/** Consecutive failed attempts, and the monotonic time at which the next one is due. */
export interface FailedTries {
  readonly failures: number;
  readonly dueAt: number;
}

/** A failed attempt: its start and end in monotonic milliseconds, and the server's Retry-After. */
export interface FailedTry {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly retryAfterMs?: number | undefined;
}

/**
 * Counts a failed attempt; `delayOf` returns the delay after a number of failures. An attempt that an event triggered before it
 * was due does not count, so that events do not increase the delay.
 */
export function countFailure(
  before: FailedTries | undefined,
  { startedAt, endedAt, retryAfterMs = 0 }: FailedTry,
  delayOf: (failures: number) => number,
): FailedTries {
  const requested = endedAt + retryAfterMs;
  if (before && before.failures > 0 && startedAt < before.dueAt)
    return { failures: before.failures, dueAt: Math.max(before.dueAt, requested) };
  const failures = (before?.failures ?? 0) + 1;
  return { failures, dueAt: Math.max(endedAt + delayOf(failures), requested) };
}
