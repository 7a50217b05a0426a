import type { CoreApp } from "../../src/api/core/app.js";
import type { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import { OperatorCounts, usedBetween } from "../operator-counts.js";
import { untilQuiet } from "../process-usage.js";
import { percentile } from "../statistics.js";
import type { CoreProcesses } from "./core-processes.js";
import { coreAppName } from "./core-workload.js";

/** How fast a change by hand is put back. */
export interface CoreDriftRun {
  /** From the answer to the change by hand until the write that puts it back, as the Core's clock says. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly samples: number;
  readonly cpuMs: number;
  readonly coreRequests: number;
}

/** A prime: steps through the apps so that neighbours are never next. */
const STRIDE = 61;
const LOOK_EVERY_MS = 10;
const TIMEOUT_MS = 60_000;

/** Changes the document of one app by hand, each time of another one, and waits until it is as it was and runs. */
export async function measureCoreDrift(
  core: CoreProcesses,
  operator: OperatorProcess,
  { apps, drifts }: { readonly apps: number; readonly drifts: number },
): Promise<CoreDriftRun> {
  const byName = new Map((await core.api.apps()).map((app) => [app.name, app]));
  await untilQuiet(operator.pid);
  const counts = new OperatorCounts(operator);
  const before = await counts.read("cpu-last");
  const times: number[] = [];
  for (let sample = 0; sample < drifts; sample++) {
    const app = byName.get(coreAppName((sample * STRIDE) % apps));
    if (app === undefined) throw new Error(`the Core lacks app ${(sample * STRIDE) % apps}`);
    times.push(await untilHealed(core, app, `by-hand:${sample}`));
  }
  await untilQuiet(operator.pid);
  const used = usedBetween(before, await counts.read("cpu-first"));
  return {
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    maxMs: Math.max(...times),
    samples: times.length,
    cpuMs: (used.cpuSeconds * 1000) / drifts,
    coreRequests: used.coreRequests / drifts,
  };
}

/** Gives the milliseconds from the answer until the app was as before. */
async function untilHealed({ api }: CoreProcesses, app: CoreApp, image: string): Promise<number> {
  const { id, description, domain, nodeId, metadata, compose } = app;
  const edited = JSON.stringify({ services: { web: { image } } });
  const body = { description, domain, nodeId, metadata, compose: edited };
  await api.call("PUT", `/api/apps/${id}`, body);
  const answered = Date.now();
  const what = `${app.name} is put back and runs`;
  const healed = await waitUntil<CoreApp>({ what, timeoutMs: TIMEOUT_MS, intervalMs: LOOK_EVERY_MS }, async () => {
    const now = await api.app(id);
    return now.compose === compose && (await api.deployed(now)) !== undefined && now;
  });
  return Math.max(0, (await api.writtenAt(healed)) - answered);
}
