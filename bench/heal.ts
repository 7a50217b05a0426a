import type { OperatorProcess } from "../test/support/operator-process.js";
import { MERGE } from "./api.js";
import { APPS_NAMESPACE, configMapsPath, type Environment } from "./environment.js";
import { LiveData } from "./live-data.js";
import { OperatorCounts, usedBetween } from "./operator-counts.js";
import { untilQuiet } from "./process-usage.js";
import { percentile } from "./statistics.js";
import { dataOf, objectName } from "./workload.js";

/** How fast drift goes. */
export interface HealRun {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly samples: number;
  readonly cpuMsPerHeal: number;
  readonly requestsPerHeal: number;
}

/** A prime: steps through the apps and objects so that neighbours are never next. */
const STRIDE = 37;

/**
 * Changes one field of one object as another writer would, each time of another app, and waits until a watch shows the
 * old value again. The time runs from the answer to the foreign write: what the API server needs for that is not healing.
 */
export async function measureHeals(environment: Environment, operator: OperatorProcess): Promise<HealRun> {
  const { api, scale } = environment;
  const live = await LiveData.follow(environment, scale.apps * scale.objectsPerApp);
  try {
    await untilQuiet(operator.pid);
    const counts = new OperatorCounts(operator);
    const before = await counts.read("cpu-last");
    const times: number[] = [];
    for (let sample = 0; sample < scale.heals; sample++) {
      const name = objectName((sample * STRIDE) % scale.apps, Math.floor(sample / scale.apps) % scale.objectsPerApp);
      const { colour = "" } = dataOf(name);
      await live.until(name, { field: "colour", value: colour });
      const { metadata } = await api.call({
        method: "PATCH",
        path: `${configMapsPath(APPS_NAMESPACE)}/${name}?fieldManager=intruder`,
        contentType: MERGE,
        body: { data: { colour: `drifted-${sample}` } },
      });
      const answered = performance.now();
      const after = metadata.resourceVersion;
      const healed = await live.until(name, { field: "colour", value: colour, after });
      times.push(Math.max(0, healed - answered));
    }
    await untilQuiet(operator.pid);
    const used = usedBetween(before, await counts.read("cpu-first"));
    return {
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      maxMs: Math.max(...times),
      samples: times.length,
      cpuMsPerHeal: (used.cpuSeconds * 1000) / times.length,
      requestsPerHeal: used.requests / times.length,
    };
  } finally {
    live.close();
  }
}
