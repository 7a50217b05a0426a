import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";

/** Changes within this time are one line of the log: an installation of an operator changes dozens of definitions at once. */
const BURST_MS = 5_000;
/** Names in one line. */
const MAX_NAMES = 20;

/** Logs which definitions, webhooks and policies changed, so that objects are verified again: one line for a burst. */
export class ChangeLogger {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #names = new Set<string>();
  #due = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Something changed; `what`: its kind and name. */
  add(what: string): void {
    this.#names.add(what);
    if (this.#due) return;
    this.#due = true;
    this.#clock.after(BURST_MS, () => this.#log());
  }

  #log(): void {
    this.#due = false;
    const names = [...this.#names].sort();
    this.#names.clear();
    this.#logger.info("objects are verified again, since admission or definitions changed", {
      changed: names.slice(0, MAX_NAMES),
      ...(names.length > MAX_NAMES ? { more: names.length - MAX_NAMES } : {}),
    });
  }
}
