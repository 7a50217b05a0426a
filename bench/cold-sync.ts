import type { OperatorProcess } from "../test/support/operator-process.js";
import { inParallel } from "./api.js";
import { APPS_NAMESPACE, configMapsPath, customPath, type Environment, isReady, type LiveApp } from "./environment.js";
import { OperatorCounts, usedBetween } from "./operator-counts.js";
import { memoryMb, untilQuiet } from "./process-usage.js";
import { METADATA_ONLY, Watch } from "./watch.js";
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

/** Lets an operator that is idle meet the repository and all apps at once. The operator is left as it is. */
export async function measureColdSync(environment: Environment, operator: OperatorProcess): Promise<ColdSyncRun> {
  const { api, scale } = environment;
  const objects = new Set<string>();
  const ready = new Set<string>();
  const [configMaps, apps] = await Promise.all([
    Watch.open(api, configMapsPath(APPS_NAMESPACE), ({ object }) => objects.add(object.metadata.name), METADATA_ONLY),
    Watch.open<LiveApp>(api, customPath("overseerapps"), ({ object }) => {
      if (isReady(object)) ready.add(object.metadata.name);
      else ready.delete(object.metadata.name);
    }),
  ]);
  try {
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
    const live = configMaps.until("all objects are live", () => objects.size >= wanted, 300_000).then(elapsed);
    const allReady = apps.until("all apps are Ready", () => ready.size >= scale.apps, 300_000).then(elapsed);
    const [seconds, readySeconds] = await Promise.all([live, allReady]);
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
  } finally {
    configMaps.close();
    apps.close();
  }
}
