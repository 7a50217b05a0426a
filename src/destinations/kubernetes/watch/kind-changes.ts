import type { Clock, Timer } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { Discovery } from "../../../kube/discovery.js";

/** Time by which the API server lists a kind after the last event of its definition. */
const DISCOVERY_LAG_MS = 2_000;

/** Options of `KindChanges`. */
export interface KindChangesOptions {
  readonly discovery: Pick<Discovery, "kinds" | "all" | "invalidate">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when kinds may have been added or removed. */
  readonly onChange: () => void;
}

/**
 * Reports that the served kinds have changed: at once after an event of a definition, and once more if discovery lists other kinds a
 * little later. The API server sends the events of a definition before its discovery lists the kind, and nothing follows that would
 * tell.
 */
export class KindChanges {
  readonly #options: KindChangesOptions;
  /** Kinds that were listed at the last report. */
  #reported: Discovery["kinds"] = new Map();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: KindChangesOptions) {
    this.#options = options;
  }

  /** Records an event of a definition. */
  changed(): void {
    const { clock } = this.#options;
    this.#report();
    this.#timer?.cancel();
    this.#timer = clock.after(DISCOVERY_LAG_MS, () => void this.#verify());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #report(): void {
    const { discovery, onChange } = this.#options;
    this.#reported = discovery.kinds;
    discovery.invalidate();
    onChange();
  }

  async #verify(): Promise<void> {
    const { discovery, clock, logger } = this.#options;
    const reported = this.#reported;
    discovery.invalidate();
    try {
      await discovery.all();
    } catch (error) {
      if (this.#stopped) return;
      logger.debug("discovery failed; trying again", { error: messageOf(error) });
      this.#timer = clock.after(DISCOVERY_LAG_MS, () => void this.#verify());
      return;
    }
    if (!this.#stopped && !sameKeys(reported, discovery.kinds)) this.#report();
  }
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
