import type { OperatorProcess } from "../test/support/operator-process.js";
import { APPLY, inParallel, type LiveObject } from "./api.js";
import { APPS_NAMESPACE, configMapsPath, type Environment } from "./environment.js";
import { memoryMb, untilQuiet } from "./process-usage.js";
import { dataOf, objectName } from "./workload.js";

/** What watching more objects costs in memory. */
export interface WatchedRun {
  readonly objects: number;
  /** Growth of the resident memory of a newly started operator, in MiB. */
  readonly rssDeltaMb: number;
}

/** How long a started operator is left alone before its memory is read: its parser thread ends after 10 s. */
const SETTLE_MS = 20_000;

/**
 * Adds objects that carry the marks of the first app's first object (copies, which the operator keeps an eye on and leaves
 * alone), and compares the memory of an operator that is started before with that of one that is started after.
 */
export async function measureWatched(
  environment: Environment,
  restart: (name: string) => Promise<OperatorProcess>,
): Promise<WatchedRun> {
  const { api, scale } = environment;
  const path = configMapsPath(APPS_NAMESPACE);
  const model = await api.call<LiveObject>({ method: "GET", path: `${path}/${objectName(0, 0)}` });
  const { labels, annotations } = model.metadata;
  const before = await settledMemory(await restart("watched-before"));
  const names = Array.from({ length: scale.watched }, (_, index) => `copy-${index}`);
  await inParallel(names, 8, (name) => {
    const metadata = { name, namespace: APPS_NAMESPACE, labels, annotations };
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data: dataOf(name) };
    return api.call({ method: "PATCH", path: `${path}/${name}?fieldManager=bench`, contentType: APPLY, body });
  });
  const after = await settledMemory(await restart("watched-after"));
  return { objects: scale.watched, rssDeltaMb: after - before };
}

async function settledMemory(operator: OperatorProcess): Promise<number> {
  await untilQuiet(operator.pid);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return memoryMb(operator.pid, "now");
}
