import { type BackoffPolicy, backoffDelay, jitter } from "../../base/backoff.js";
import { OverseerError } from "../../base/errors.js";
import { isNotFound, isStatus, KubeConnectionError, WatchSilentError } from "../errors.js";

/** While the server is away, as when it is restarted: a try costs little, and nothing is seen before one goes well. */
const AWAY: BackoffPolicy = { baseMs: 800, factor: 2, maxMs: 10_000 };
const BACKOFF: BackoffPolicy = { baseMs: 800, factor: 2, maxMs: 30_000 };
/** A watch that was open this long is renewed without a pause. */
const HEALTHY_AFTER_MS = 120_000;
/** A watch that was open for less is one more failure in a row. */
const SHORT_MS = 1_000;
/** No server makes us wait longer than this, whatever its Retry-After says. */
const MAX_RETRY_AFTER_MS = 60_000;

function isAway(failure: unknown): boolean {
  return failure instanceof KubeConnectionError && !(failure instanceof WatchSilentError);
}

/** Counts how a watch fails, and says how long to wait before the next try. */
export class WatchBackoff {
  readonly #refused: BackoffPolicy;
  /** Watches in a row that were short or did not come about. */
  #failures = 0;
  /** Times in a row that a new list was due, and no watch lasted in between. */
  #expired = 0;

  /** `refusedMs`: the longest pause between two tries of what is refused (403). */
  constructor(refusedMs = BACKOFF.maxMs) {
    this.#refused = { ...BACKOFF, maxMs: refusedMs };
  }

  /**
   * Milliseconds to wait after a watch that was open for so long and ended so: none after a healthy one or when a new list is
   * due, ever more after short or failed ones. One that an event brought forward does not count.
   */
  after(openMs: number, failure: unknown, broughtForward = false): number {
    if (openMs >= SHORT_MS) {
      this.#failures = 0;
      this.#expired = 0;
    }
    // A server that answers each new list with 410 is not asked in a loop either.
    const healthy = openMs > HEALTHY_AFTER_MS;
    if (!healthy && !(broughtForward && this.#failures > 0)) this.#failures++;
    const short = healthy ? 0 : this.#failures;
    const attempt = isNotFound(failure) ? this.#expired++ : short;
    const requested = failure instanceof OverseerError ? Math.min(failure.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
    const policy = isStatus(failure, 403) ? this.#refused : isAway(failure) ? AWAY : BACKOFF;
    return Math.max(requested, jitter(backoffDelay(policy, attempt), 0.2, Math.random()));
  }
}
