import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { WriteGate } from "../base/write-gate.js";
import type { Config } from "../config/config.js";
import type { Metrics } from "../telemetry/metrics.js";
import type { LedCluster } from "./cluster.js";

/** Dependencies of the operator. */
export interface OperatorParts {
  readonly config: Config;
  readonly cluster: LedCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Gate that every external write has to pass. */
  readonly gate: WriteGate;
}
