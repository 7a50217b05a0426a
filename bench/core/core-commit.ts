import type { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import { OperatorCounts, usedBetween } from "../operator-counts.js";
import { cpuSeconds, untilQuiet } from "../process-usage.js";
import { percentile } from "../statistics.js";
import type { CoreProcesses } from "./core-processes.js";
import { type CoreStage, FLEET } from "./core-stage.js";
import { changedBesides } from "./core-times.js";
import { appDocument, coreAppName, documentPath } from "./core-workload.js";

/** What a commit costs that changes one of all apps. */
export interface CoreCommitRun {
  /** From telling the operator until the app is written in the Core, as the Core's clock says. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly samples: number;
  /** The same until its agent is done with it. */
  readonly runningP50Ms: number;
  readonly cpuMs: number;
  readonly coreCpuMs: number;
  readonly coreRequests: number;
  /** Apps that were written although no commit was about them. */
  readonly otherWrites: number;
  /** Deployments more than commits. */
  readonly otherDeploys: number;
}

/** A prime: steps through the apps so that neighbours are never next. */
const STRIDE = 37;
const LOOK_EVERY_MS = 20;
const TIMEOUT_MS = 60_000;

/** Commits a change of one app, tells the operator, and waits until it runs, again and again. */
export async function measureCoreCommits(
  stage: CoreStage,
  core: CoreProcesses,
  operator: OperatorProcess,
): Promise<CoreCommitRun> {
  const { coreApps, coreCommits } = stage.environment.scale;
  await untilQuiet(operator.pid);
  const before = await core.api.apps();
  const ids = new Map(before.map(({ name, id }) => [name, id]));
  const counts = new OperatorCounts(operator);
  const usedBefore = await counts.read("cpu-last");
  const coreCpu = cpuSeconds(core.corePid);
  const began = Date.now();
  const [written, running]: [number[], number[]] = [[], []];
  const meant = new Set<string>();
  for (let sample = 1; sample <= coreCommits; sample++) {
    const app = (sample * STRIDE) % coreApps;
    const id = ids.get(coreAppName(app)) ?? "";
    await stage.repo.commit({ [documentPath(app)]: appDocument(app, sample) }, `Change ${app}`);
    const told = Date.now();
    await stage.environment.poke("gitrepositories", FLEET);
    const after = await untilRuns(core, id, `:1.${sample}"`);
    written.push(after.written - told);
    running.push(after.done - told);
    meant.add(id);
    await stage.untilReady(operator);
    await untilQuiet(operator.pid, { forMs: 200 });
  }
  await untilQuiet(operator.pid);
  const coreUsed = cpuSeconds(core.corePid) - coreCpu;
  const used = usedBetween(usedBefore, await counts.read("cpu-first"));
  const deployed = (await core.api.jobs()).filter(({ createdAt }) => Date.parse(createdAt) >= began).length;
  return {
    p50Ms: percentile(written, 0.5),
    p99Ms: percentile(written, 0.99),
    samples: written.length,
    runningP50Ms: percentile(running, 0.5),
    cpuMs: (used.cpuSeconds * 1000) / coreCommits,
    coreCpuMs: (coreUsed * 1000) / coreCommits,
    coreRequests: used.coreRequests / coreCommits,
    otherWrites: changedBesides(before, await core.api.apps(), meant),
    otherDeploys: deployed - coreCommits,
  };
}

/** Waits until an app has a text in its document and runs; gives when it was written and when its agent was done. */
async function untilRuns({ api }: CoreProcesses, id: string, text: string): Promise<{ written: number; done: number }> {
  const what = `an app with ${text} runs`;
  return waitUntil({ what, timeoutMs: TIMEOUT_MS, intervalMs: LOOK_EVERY_MS }, async () => {
    const app = await api.app(id);
    const job = app.compose.includes(text) ? await api.deployed(app) : undefined;
    return job && { written: await api.writtenAt(app), done: Date.parse(job.updatedAt) };
  });
}
