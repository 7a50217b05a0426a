import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { isStatus, WatchSilentError } from "../errors.js";

/** Consecutive failures after which a temporary failure is logged as a warning. */
const LASTING = 6;

/**
 * Logs why a watch ended. A repeated failure is logged as a warning once. A silent watch is never a warning, and a 429 only if it
 * lasts: the API server also returns it while it sets up the storage of a new kind.
 */
export class WatchFailureLog {
  readonly #logger: Logger;
  readonly #path: string;
  #last: string | undefined;
  #temporary = 0;

  constructor(logger: Logger, path: string) {
    this.#logger = logger;
    this.#path = path;
  }

  /** Logs a failed watch or list. */
  failed(failure: unknown): void {
    const error = messageOf(failure);
    this.#temporary = isStatus(failure, 429) ? this.#temporary + 1 : 0;
    const warned = this.#temporary === LASTING || (this.#temporary === 0 && this.#last !== error);
    const quiet = failure instanceof WatchSilentError || !warned;
    this.#logger[quiet ? "debug" : "warn"]("watch failed", { path: this.#path, error });
    this.#last = error;
  }

  /** Records that watching works again. Returns whether it had failed before. */
  recovered(): boolean {
    const failed = this.#last !== undefined;
    this.#last = undefined;
    this.#temporary = 0;
    return failed;
  }
}
