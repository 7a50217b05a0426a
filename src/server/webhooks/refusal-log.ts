import type { Clock } from "../../base/clock.js";
import type { LogFields, Logger } from "../../base/logger.js";

/** Time during which similar rejections are not logged again. */
const QUIET_MS = 60_000;
/** Maximum number of tracked keys. All further keys share one. */
const MAX_KEYS = 1_000;

interface LoggedRefusal {
  readonly at: number;
  suppressed: number;
}

/** Logs each kind of rejection at most once a minute, so that untrusted clients cannot flood the log. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #logged = new Map<string, LoggedRefusal>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Logs a rejection, unless one with this key was logged within the last minute. */
  warn(key: string, message: string, fields: LogFields): void {
    const now = this.#clock.monotonic();
    const known = this.#logged.has(key) || this.#logged.size < MAX_KEYS ? key : "";
    const previous = this.#logged.get(known);
    if (previous && now - previous.at < QUIET_MS) {
      previous.suppressed++;
      return;
    }
    if (this.#logged.size >= MAX_KEYS) this.#deleteExpired(now);
    this.#logged.set(known, { at: now, suppressed: 0 });
    this.#logger.warn(message, previous?.suppressed ? { ...fields, suppressed: previous.suppressed } : fields);
  }

  #deleteExpired(now: number): void {
    for (const [key, { at }] of this.#logged) if (now - at >= QUIET_MS) this.#logged.delete(key);
  }
}
