import type { OperatorProcess } from "../test/support/operator-process.js";
import type { Environment } from "./environment.js";
import { OperatorCounts, usedBetween } from "./operator-counts.js";
import { memoryMb, untilQuiet } from "./process-usage.js";

/** What an operator uses while nothing happens. */
export interface IdleRun {
  readonly cpuSecondsPerMinute: number;
  /** Watches left out. */
  readonly requestsPerMinute: number;
  /** Watches that ran out and were opened again. */
  readonly watchesPerMinute: number;
  /** Resident memory at the end, in MiB. */
  readonly rssMb: number;
}

/** Leaves an operator alone for a while. */
export async function measureIdle(environment: Environment, operator: OperatorProcess): Promise<IdleRun> {
  await untilQuiet(operator.pid);
  const counts = new OperatorCounts(operator);
  const before = await counts.read("cpu-last");
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, environment.scale.idleSeconds * 1000));
  const minutes = (performance.now() - started) / 60_000;
  const used = usedBetween(before, await counts.read("cpu-first"));
  return {
    cpuSecondsPerMinute: used.cpuSeconds / minutes,
    requestsPerMinute: used.requests / minutes,
    watchesPerMinute: used.watches / minutes,
    rssMb: memoryMb(operator.pid, "now"),
  };
}
