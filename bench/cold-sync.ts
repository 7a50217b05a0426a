import type { OperatorProcess } from "../test/support/operator-process.js";
import { waitUntil } from "../tools/wait-until.js";
import { inParallel } from "./api.js";
import { type Environment, isReady } from "./environment.js";
import { OperatorCounts, usedBetween } from "./operator-counts.js";
import { memoryMb, untilQuiet } from "./process-usage.js";
import { appName } from "./workload.js";

/** One cold sync. Times begin before the first custom resource is sent. */
export interface ColdSyncRun {
  /** Until all objects are live. */
  readonly seconds: number;
  /** Until all apps say Ready=True. */
  readonly readySeconds: number;
  /** Until all custom resources were made: a part of `seconds`. */
  readonly creationSeconds: number;
  /** CPU seconds of the operator until it rested. */
  readonly cpuSeconds: number;
  /** CPU seconds of API server and etcd until all apps were Ready. */
  readonly serverCpuSeconds: number;
  /** Requests of the operator, as it counts them; watches left out. */
  readonly requests: number;
  readonly requestsByMethod: Readonly<Record<string, number>>;
  /** Requests that the API server counted, without those of the bench: a check of `requests`. */
  readonly servedRequests: number;
  /** Most resident memory since the operator's start, in MiB. */
  readonly peakRssMb: number;
}

/** Pauses between two looks at the API server: short for what is cheap to ask, longer for whole apps. */
const COUNT_EVERY_MS = 40;
const READY_EVERY_MS = 150;
const TIMEOUT_MS = 300_000;

/**
 * Lets an operator that is idle meet the repository and all apps at once. The operator is left as it is. The bench asks
 * how far it is instead of watching, because each watch of the objects costs the API server a tenth of the work.
 */
export async function measureColdSync(
  environment: Environment,
  operator: OperatorProcess,
  timeoutMs = TIMEOUT_MS,
): Promise<ColdSyncRun> {
  const { api, scale } = environment;
  await untilQuiet(operator.pid);
  const counts = new OperatorCounts(operator);
  const served = (await api.served()) - api.sent;
  const before = await counts.read("cpu-last");
  const serverCpu = environment.serverCpuSeconds();
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  await environment.createRepository();
  const names = Array.from({ length: scale.apps }, (_, app) => appName(app));
  await inParallel(names, 8, (name) => environment.createApp(name, `apps/${name}`));
  const creationSeconds = elapsed();
  const wanted = scale.apps * scale.objectsPerApp;
  await waitUntil({ what: "all objects are live", timeoutMs, intervalMs: COUNT_EVERY_MS }, async () => {
    return (await environment.countConfigMaps()) >= wanted;
  });
  const seconds = elapsed();
  await waitUntil({ what: "all apps are Ready", timeoutMs, intervalMs: READY_EVERY_MS }, async () => {
    return (await environment.apps()).filter(isReady).length >= scale.apps;
  });
  const readySeconds = elapsed();
  const serverCpuSeconds = environment.serverCpuSeconds() - serverCpu;
  await untilQuiet(operator.pid);
  const used = usedBetween(before, await counts.read("cpu-first"));
  return {
    seconds,
    readySeconds,
    creationSeconds,
    cpuSeconds: used.cpuSeconds,
    serverCpuSeconds,
    requests: used.requests,
    requestsByMethod: used.byMethod,
    servedRequests: (await api.served()) - api.sent - served,
    peakRssMb: memoryMb(operator.pid, "peak"),
  };
}
