import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { isStatus, WatchSilentError } from "../errors.js";

/** From so many failures in a row on, one that was expected to pass by itself is warned of. */
const LASTING = 6;

/**
 * Logs why a watch ended. The same again and again is warned of once. No warning at all is a quiet watch that is opened anew,
 * and, unless it lasts, an API server that asks to come back later (429): also while the storage of a new kind is set up.
 */
export class WatchFailureLog {
  readonly #logger: Logger;
  readonly #path: string;
  #last: string | undefined;
  #passing = 0;

  constructor(logger: Logger, path: string) {
    this.#logger = logger;
    this.#path = path;
  }

  /** A watch or list failed. */
  failed(failure: unknown): void {
    const error = messageOf(failure);
    this.#passing = isStatus(failure, 429) ? this.#passing + 1 : 0;
    const warned = this.#passing === LASTING || (this.#passing === 0 && this.#last !== error);
    const quiet = failure instanceof WatchSilentError || !warned;
    this.#logger[quiet ? "debug" : "warn"]("watch failed", { path: this.#path, error });
    this.#last = error;
  }

  /** It goes well again. Gives whether it did not before. */
  recovered(): boolean {
    const failed = this.#last !== undefined;
    this.#last = undefined;
    this.#passing = 0;
    return failed;
  }
}
