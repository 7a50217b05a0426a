import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { Config } from "../config/config.js";
import type { Metrics } from "../telemetry/metrics.js";

/** What every role is made of. */
export interface RoleParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** One of the things that a process of this product does. */
export interface Role {
  /** Works until `stopping` aborts, and ends what is under way. Throws when it cannot go on; the process ends then. */
  run(stopping: AbortSignal): Promise<void>;
  /** What it still waits for before it can work. */
  notReady(): readonly string[];
  /** Who works instead, while it is ready to take over. */
  standby(): string | undefined;
}
