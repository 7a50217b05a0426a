import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { Config } from "../config/config.js";
import type { Metrics } from "../telemetry/metrics.js";

/** Dependencies of every role. */
export interface RoleParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A role of a process. */
export interface Role {
  /** Runs until `stopping` is aborted, then stops gracefully. Throws on a fatal error, after which the process exits. */
  run(stopping: AbortSignal): Promise<void>;
  /** Reasons why the role is not ready. */
  notReady(): readonly string[];
  /** Describes the current leader while this process is on standby; undefined otherwise. */
  standby(): string | undefined;
}
