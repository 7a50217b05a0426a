import { APPLY, inParallel } from "./api.js";
import { BARE_NAMESPACE, configMapsPath, type Environment } from "./environment.js";
import { bareObjects } from "./workload.js";

/** What the bare client needed. */
export interface LimitRun {
  readonly seconds: number;
  /** CPU seconds of this process meanwhile. */
  readonly cpuSeconds: number;
  /** CPU seconds of API server and etcd. */
  readonly serverCpuSeconds: number;
}

/** Requests under way, as many as the operator has. */
const IN_FLIGHT = 8;

/**
 * The raw limit: the same objects made by a client that does nothing else, by server-side apply, with a dry run before
 * each write or without. Nobody who asks the API server about every object first can be faster than the one with.
 */
export async function measureLimit(environment: Environment, dryRun: boolean): Promise<LimitRun> {
  const { api, scale } = environment;
  const objects = bareObjects(BARE_NAMESPACE, scale.apps, scale.objectsPerApp);
  const serverCpu = environment.serverCpuSeconds();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await inParallel(objects, IN_FLIGHT, async (body) => {
    const path = `${configMapsPath(BARE_NAMESPACE)}/${body.metadata.name}?fieldManager=bare&fieldValidation=Strict`;
    if (dryRun) await api.call({ method: "PATCH", path: `${path}&dryRun=All`, contentType: APPLY, body });
    await api.call({ method: "PATCH", path, contentType: APPLY, body });
  });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const serverCpuSeconds = environment.serverCpuSeconds() - serverCpu;
  await environment.clearConfigMaps(BARE_NAMESPACE);
  return { seconds, cpuSeconds: (user + system) / 1e6, serverCpuSeconds };
}
