import { type BackoffPolicy, backoffDelay, jitter } from "../../base/backoff.js";
import { OverseerError } from "../../base/errors.js";
import { isExpired, isStatus, KubeConnectionError, WatchSilentError } from "../errors.js";

/** While the server is unreachable, for example restarting: attempts are cheap, and no change is seen until one succeeds. */
const UNREACHABLE: BackoffPolicy = { baseMs: 800, factor: 2, maxMs: 10_000 };
const BACKOFF: BackoffPolicy = { baseMs: 800, factor: 2, maxMs: 30_000 };
/** A watch that was open this long is restarted without a delay. */
const HEALTHY_AFTER_MS = 120_000;
/** A watch that was open for less counts as a consecutive failure. */
const SHORT_MS = 1_000;
/** Upper bound of a Retry-After delay. */
const MAX_RETRY_AFTER_MS = 60_000;

function isUnreachable(failure: unknown): boolean {
  return failure instanceof KubeConnectionError && !(failure instanceof WatchSilentError);
}

/** Counts failures of a watch and computes the delay before the next attempt. */
export class WatchBackoff {
  readonly #denied: BackoffPolicy;
  /** Consecutive watches that were short or failed. */
  #failures = 0;
  /** Consecutive new lists without a lasting watch in between. */
  #expired = 0;

  /** `deniedMaxMs` is the maximum delay after a denied request (403). */
  constructor(deniedMaxMs = BACKOFF.maxMs) {
    this.#denied = { ...BACKOFF, maxMs: deniedMaxMs };
  }

  /**
   * Returns the delay in milliseconds after a watch that was open for `openMs` and ended with `failure`: none after a healthy one
   * or if a new list is due, increasing after short or failed ones. An attempt brought forward by an event does not count.
   */
  after(openMs: number, failure: unknown, broughtForward = false): number {
    if (openMs >= SHORT_MS) {
      this.#failures = 0;
      this.#expired = 0;
    }
    // A server that rejects each new list with 410 must not cause a loop without delays either.
    const healthy = openMs > HEALTHY_AFTER_MS;
    if (!healthy && !(broughtForward && this.#failures > 0)) this.#failures++;
    const short = healthy ? 0 : this.#failures;
    const attempt = isExpired(failure) ? this.#expired++ : short;
    const requested = failure instanceof OverseerError ? Math.min(failure.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
    const policy = isStatus(failure, 403) ? this.#denied : isUnreachable(failure) ? UNREACHABLE : BACKOFF;
    return Math.max(requested, jitter(backoffDelay(policy, attempt), 0.2, Math.random()));
  }
}
