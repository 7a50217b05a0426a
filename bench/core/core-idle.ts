import type { OperatorProcess } from "../../test/support/operator-process.js";
import { OperatorCounts, usedBetween } from "../operator-counts.js";
import { cpuSeconds, memoryMb, untilQuiet } from "../process-usage.js";
import type { CoreProcesses } from "./core-processes.js";

/** What is used while nothing happens. */
export interface CoreIdleRun {
  readonly cpuSecondsPerMinute: number;
  readonly coreCpuSecondsPerMinute: number;
  readonly agentCpuSecondsPerMinute: number;
  /** Requests of the operator to the Core: each is one that the Core holds open. */
  readonly coreRequestsPerMinute: number;
  /** Its requests to the API server. */
  readonly requestsPerMinute: number;
  readonly rssMb: number;
  readonly coreRssMb: number;
  readonly agentRssMb: number;
}

/** Leaves operator, Core and agent alone for a while. */
export async function measureCoreIdle(
  core: CoreProcesses,
  operator: OperatorProcess,
  seconds: number,
): Promise<CoreIdleRun> {
  await untilQuiet(operator.pid);
  const counts = new OperatorCounts(operator);
  const before = await counts.read("cpu-last");
  const [coreCpu, agentCpu] = [cpuSeconds(core.corePid), cpuSeconds(core.agentPid)];
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const minutes = (performance.now() - started) / 60_000;
  const coreUsed = cpuSeconds(core.corePid) - coreCpu;
  const agentUsed = cpuSeconds(core.agentPid) - agentCpu;
  const used = usedBetween(before, await counts.read("cpu-first"));
  return {
    cpuSecondsPerMinute: used.cpuSeconds / minutes,
    coreCpuSecondsPerMinute: coreUsed / minutes,
    agentCpuSecondsPerMinute: agentUsed / minutes,
    coreRequestsPerMinute: used.coreRequests / minutes,
    requestsPerMinute: used.requests / minutes,
    rssMb: memoryMb(operator.pid, "now"),
    coreRssMb: memoryMb(core.corePid, "now"),
    agentRssMb: memoryMb(core.agentPid, "now"),
  };
}
