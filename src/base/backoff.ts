/** An exponential delay: `baseMs`, doubled each attempt, never above `maxMs`. */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** The delay before attempt `attempt + 1`, where `attempt` counts the failures so far (1 = after the first failure). */
export function backoffDelay(policy: BackoffPolicy, attempt: number): number {
  if (attempt <= 0) return 0;
  return Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.min(attempt - 1, 60));
}

/** Spreads `ms` by up to ± `share` of itself; `random` is in [0, 1). */
export function jitter(ms: number, share: number, random: number): number {
  return ms * (1 + share * (2 * random - 1));
}
