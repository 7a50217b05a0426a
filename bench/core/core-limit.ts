import type { CoreApp } from "../../src/api/core/app.js";
import { waitUntil } from "../../tools/wait-until.js";
import { inParallel } from "../api.js";
import { cpuSeconds } from "../process-usage.js";
import type { CoreProcesses } from "./core-processes.js";
import { type JobTimes, jobTimes } from "./core-times.js";
import { bareApps } from "./core-workload.js";

/** What the bare client needed. */
export interface CoreLimitRun extends JobTimes {
  /** CPU seconds of this process until all was written. */
  readonly cpuSeconds: number;
  /** CPU seconds of the Core and of the agent until all apps ran. */
  readonly coreCpuSeconds: number;
  readonly agentCpuSeconds: number;
}

/** What an agent needs for all jobs when nobody else works. */
export interface AgentRun {
  /** From the start of its process until the last job was done. */
  readonly seconds: number;
  readonly agentCpuSeconds: number;
  readonly coreCpuSeconds: number;
}

/** Requests under way, as many as the operator has. */
const IN_FLIGHT = 8;
/** Seldom, because a look costs the Core as much as some jobs. */
const LOOK_EVERY_MS = 1_000;
const TIMEOUT_MS = 600_000;

/** The limit: a client that does nothing else makes each app and asks for its deployment. A Core that is empty is needed. */
export async function measureCoreLimit(core: CoreProcesses, apps: number): Promise<CoreLimitRun> {
  const bodies = bareApps(apps, await core.nodeId());
  const [coreCpu, agentCpu] = [cpuSeconds(core.corePid), cpuSeconds(core.agentPid)];
  const cpu = process.cpuUsage();
  const started = Date.now();
  await writeBare(core, bodies);
  const { user, system } = process.cpuUsage(cpu);
  await untilDone(core);
  return {
    ...jobTimes(await core.api.jobs(), started),
    cpuSeconds: (user + system) / 1e6,
    coreCpuSeconds: cpuSeconds(core.corePid) - coreCpu,
    agentCpuSeconds: cpuSeconds(core.agentPid) - agentCpu,
  };
}

/** The agent alone: all jobs wait for it when it starts. A Core that is empty is needed. */
export async function measureAgent(core: CoreProcesses, apps: number): Promise<AgentRun> {
  const bodies = bareApps(apps, await core.nodeId());
  await core.stopAgent();
  await writeBare(core, bodies);
  const coreCpu = cpuSeconds(core.corePid);
  const started = Date.now();
  await core.startAgent();
  await untilDone(core);
  return {
    seconds: jobTimes(await core.api.jobs(), started).runningSeconds,
    agentCpuSeconds: cpuSeconds(core.agentPid),
    coreCpuSeconds: cpuSeconds(core.corePid) - coreCpu,
  };
}

async function writeBare({ api }: CoreProcesses, bodies: readonly object[]): Promise<void> {
  await inParallel(bodies, IN_FLIGHT, async (body) => {
    const { app } = await api.call<{ app: CoreApp }>("POST", "/api/apps", body);
    await api.call("POST", `/api/apps/${app.id}/deploy`, {});
  });
}

async function untilDone({ api }: CoreProcesses): Promise<void> {
  const what = "all jobs are done";
  await waitUntil({ what, timeoutMs: TIMEOUT_MS, intervalMs: LOOK_EVERY_MS }, async () => !(await api.busy()));
}
