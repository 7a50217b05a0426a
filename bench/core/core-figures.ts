import type { Figures } from "../figures.js";
import { median } from "../statistics.js";
import type { CoreColdRun } from "./core-cold.js";
import type { CoreCommitRun } from "./core-commit.js";
import type { CoreDriftRun } from "./core-drift.js";
import type { CoreIdleRun } from "./core-idle.js";
import type { AgentRun, CoreLimitRun } from "./core-limit.js";

/** What was measured of apps on a Core. */
export interface CoreMeasurements {
  readonly coreLimits: readonly CoreLimitRun[];
  readonly coreColds: readonly CoreColdRun[];
  readonly coreAgent: AgentRun;
  readonly coreIdle: CoreIdleRun;
  readonly coreCommit: CoreCommitRun;
  readonly coreDrift: CoreDriftRun;
}

/** The figures of a Core: medians where something was measured more than once. */
export function coreFigures(apps: number, measured: CoreMeasurements): Figures {
  const { coreAgent, coreIdle, coreCommit, coreDrift } = measured;
  const limit = (pick: (run: CoreLimitRun) => number): number => median(measured.coreLimits.map(pick));
  const cold = (pick: (run: CoreColdRun) => number): number => median(measured.coreColds.map(pick));
  const limitSeconds = limit((run) => run.writtenSeconds);
  return {
    "coreLimit.writtenSeconds": limitSeconds,
    "coreLimit.runningSeconds": limit((run) => run.runningSeconds),
    "coreLimit.cpuSeconds": limit((run) => run.cpuSeconds),
    "coreLimit.coreCpuSeconds": limit((run) => run.coreCpuSeconds),
    "coreLimit.agentCpuSeconds": limit((run) => run.agentCpuSeconds),
    "coreCold.writtenSeconds": cold((run) => run.writtenSeconds),
    "coreCold.runningSeconds": cold((run) => run.runningSeconds),
    "coreCold.readySeconds": cold((run) => run.readySeconds),
    "coreCold.ratio": cold((run) => run.writtenSeconds) / limitSeconds,
    "coreCold.runningRatio": cold((run) => run.runningSeconds) / limit((run) => run.runningSeconds),
    "coreCold.cpuSeconds": cold((run) => run.cpuSeconds),
    "coreCold.cpuMsPerApp": (cold((run) => run.cpuSeconds) * 1000) / apps,
    "coreCold.coreCpuSeconds": cold((run) => run.coreCpuSeconds),
    "coreCold.agentCpuSeconds": cold((run) => run.agentCpuSeconds),
    "coreCold.requestsPerApp": cold((run) => run.coreRequests) / apps,
    "coreCold.requests": cold((run) => run.requests),
    "coreCold.peakRssMb": cold((run) => run.peakRssMb),
    "coreCold.corePeakRssMb": cold((run) => run.corePeakRssMb),
    "coreAgent.seconds": coreAgent.seconds,
    "coreAgent.cpuSeconds": coreAgent.agentCpuSeconds,
    "coreAgent.coreCpuSeconds": coreAgent.coreCpuSeconds,
    "coreIdle.cpuSecondsPerMinute": coreIdle.cpuSecondsPerMinute,
    "coreIdle.coreCpuSecondsPerMinute": coreIdle.coreCpuSecondsPerMinute,
    "coreIdle.agentCpuSecondsPerMinute": coreIdle.agentCpuSecondsPerMinute,
    "coreIdle.coreRequestsPerMinute": coreIdle.coreRequestsPerMinute,
    "coreIdle.requestsPerMinute": coreIdle.requestsPerMinute,
    "coreIdle.rssMb": coreIdle.rssMb,
    "coreIdle.coreRssMb": coreIdle.coreRssMb,
    "coreIdle.agentRssMb": coreIdle.agentRssMb,
    "coreCommit.p50Ms": coreCommit.p50Ms,
    "coreCommit.p99Ms": coreCommit.p99Ms,
    "coreCommit.runningP50Ms": coreCommit.runningP50Ms,
    "coreCommit.cpuMs": coreCommit.cpuMs,
    "coreCommit.coreCpuMs": coreCommit.coreCpuMs,
    "coreCommit.coreRequests": coreCommit.coreRequests,
    "coreCommit.otherWrites": coreCommit.otherWrites,
    "coreCommit.otherDeploys": coreCommit.otherDeploys,
    "coreDrift.p50Ms": coreDrift.p50Ms,
    "coreDrift.p99Ms": coreDrift.p99Ms,
    "coreDrift.maxMs": coreDrift.maxMs,
    "coreDrift.cpuMs": coreDrift.cpuMs,
    "coreDrift.coreRequests": coreDrift.coreRequests,
  };
}
