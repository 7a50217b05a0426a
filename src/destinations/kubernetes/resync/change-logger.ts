import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";

/** Changes within this time are logged as one line: installing an operator changes dozens of definitions at once. */
const BURST_MS = 5_000;
/** Limit of names per line. */
const MAX_NAMES = 20;

/** Logs which definitions, webhooks and policies changed and caused a verification of objects: one line per burst. */
export class ChangeLogger {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #names = new Set<string>();
  #due = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Adds a changed object; `what`: its kind and name. */
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
    this.#logger.info("verifying objects again: admission rules or definitions changed", {
      changed: names.slice(0, MAX_NAMES),
      ...(names.length > MAX_NAMES ? { more: names.length - MAX_NAMES } : {}),
    });
  }
}
