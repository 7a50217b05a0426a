import type { OperatorProcess } from "../../test/support/operator-process.js";
import { OperatorCounts, usedBetween } from "../operator-counts.js";
import { cpuSeconds, memoryMb, untilQuiet } from "../process-usage.js";
import type { CoreProcesses } from "./core-processes.js";
import type { CoreStage } from "./core-stage.js";
import { type JobTimes, jobTimes } from "./core-times.js";

/** One first sync of all apps. Times begin before the first custom resource is sent. */
export interface CoreColdRun extends JobTimes {
  /** Until the OverseerApp says Ready=True. */
  readonly readySeconds: number;
  readonly cpuSeconds: number;
  readonly coreCpuSeconds: number;
  readonly agentCpuSeconds: number;
  /** Requests of the operator to the Core, as it counts them, by method and status. */
  readonly coreRequests: number;
  readonly coreRequestsByKind: Readonly<Record<string, number>>;
  /** Its requests to the API server; watches left out. */
  readonly requests: number;
  readonly peakRssMb: number;
  readonly corePeakRssMb: number;
}

/** Lets an operator that is idle meet an empty Core and an app that brings everything there. All of them are left as they are. */
export async function measureCoreCold(
  stage: CoreStage,
  core: CoreProcesses,
  operator: OperatorProcess,
): Promise<CoreColdRun> {
  await untilQuiet(operator.pid);
  const counts = new OperatorCounts(operator);
  const before = await counts.read("cpu-last");
  const [coreCpu, agentCpu] = [cpuSeconds(core.corePid), cpuSeconds(core.agentPid)];
  const started = Date.now();
  await stage.createApp(core);
  await stage.untilReady(operator);
  const readySeconds = (Date.now() - started) / 1000;
  await untilQuiet(operator.pid);
  const coreCpuSeconds = cpuSeconds(core.corePid) - coreCpu;
  const agentCpuSeconds = cpuSeconds(core.agentPid) - agentCpu;
  const used = usedBetween(before, await counts.read("cpu-first"));
  return {
    ...jobTimes(await core.api.jobs(), started),
    readySeconds,
    cpuSeconds: used.cpuSeconds,
    coreCpuSeconds,
    agentCpuSeconds,
    coreRequests: used.coreRequests,
    coreRequestsByKind: used.coreByKind,
    requests: used.requests,
    peakRssMb: memoryMb(operator.pid, "peak"),
    corePeakRssMb: memoryMb(core.corePid, "peak"),
  };
}
