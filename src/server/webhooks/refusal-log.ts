import type { Clock } from "../../base/clock.js";
import type { LogFields, Logger } from "../../base/logger.js";

/** How long a refusal that was logged keeps others like it out of the log. */
const QUIET_MS = 60_000;
/** Most kinds of refusals that are remembered; whoever makes more of them up shares one line. */
const MAX_KEYS = 1_000;

interface LoggedRefusal {
  readonly at: number;
  suppressed: number;
}

/** Says once a minute what is refused, however often it is: strangers write to an open port what they like. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #logged = new Map<string, LoggedRefusal>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Logs a refusal, unless one with this key was logged a moment ago. */
  warn(key: string, message: string, fields: LogFields): void {
    const now = this.#clock.monotonic();
    const known = this.#logged.has(key) || this.#logged.size < MAX_KEYS ? key : "";
    const told = this.#logged.get(known);
    if (told && now - told.at < QUIET_MS) {
      told.suppressed++;
      return;
    }
    if (this.#logged.size >= MAX_KEYS) this.#forgetOld(now);
    this.#logged.set(known, { at: now, suppressed: 0 });
    this.#logger.warn(message, told?.suppressed ? { ...fields, alikeSince: told.suppressed } : fields);
  }

  #forgetOld(now: number): void {
    for (const [key, { at }] of this.#logged) if (now - at >= QUIET_MS) this.#logged.delete(key);
  }
}
