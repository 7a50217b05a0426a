import type { OperatorProcess } from "../test/support/operator-process.js";
import { customPath, type Environment, REPOSITORY } from "./environment.js";
import { LiveData } from "./live-data.js";
import { OperatorCounts, type Usage, usedBetween } from "./operator-counts.js";
import { untilQuiet } from "./process-usage.js";
import { percentile } from "./statistics.js";
import { Watch } from "./watch.js";
import { manifest, manifestPath, objectName } from "./workload.js";

/** What a commit costs of which one app, or none, notices anything. */
export interface CommitRun {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly samples: number;
  /** CPU milliseconds of the operator for a commit that changes one file of one app. */
  readonly cpuMs: number;
  readonly requests: number;
  /** The same for a commit that changes no app, and that share of it that falls to each app. */
  readonly unrelatedCpuMs: number;
  readonly unrelatedRequests: number;
  readonly untouchedAppCpuMs: number;
}

/**
 * Commits a change of one file of one app, tells the operator, and waits until the changed object is live. The time runs
 * from the moment when the operator is told. Then the same with a file that belongs to no app: what that costs, divided by
 * the number of apps, is more than an app costs that a commit does not touch, since poll and fetch are in it.
 */
export async function measureCommits(environment: Environment, operator: OperatorProcess): Promise<CommitRun> {
  const { scale, repo } = environment;
  const live = await LiveData.follow(environment, scale.apps * scale.objectsPerApp);
  const counts = new OperatorCounts(operator);
  try {
    const times: number[] = [];
    const touching = await costOf(operator, counts, async () => {
      for (let sample = 1; sample <= scale.commits; sample++) {
        const app = (sample * 7) % scale.apps;
        await repo.commit({ [manifestPath(app, 0)]: manifest(objectName(app, 0), sample) }, `Change ${app}`);
        const told = performance.now();
        await environment.poke("gitrepositories", REPOSITORY);
        times.push((await live.until(objectName(app, 0), { field: "version", value: String(sample) })) - told);
        await untilQuiet(operator.pid, { forMs: 200 });
      }
    });
    const unrelated = await costOf(operator, counts, () => commitBesideAllApps(environment, operator));
    return {
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      samples: times.length,
      cpuMs: (touching.cpuSeconds * 1000) / scale.commits,
      requests: touching.requests / scale.commits,
      unrelatedCpuMs: (unrelated.cpuSeconds * 1000) / scale.commits,
      unrelatedRequests: unrelated.requests / scale.commits,
      untouchedAppCpuMs: (unrelated.cpuSeconds * 1000) / scale.commits / scale.apps,
    };
  } finally {
    live.close();
  }
}

async function costOf(operator: OperatorProcess, counts: OperatorCounts, work: () => Promise<void>): Promise<Usage> {
  await untilQuiet(operator.pid);
  const before = await counts.read("cpu-last");
  await work();
  await untilQuiet(operator.pid);
  return usedBetween(before, await counts.read("cpu-first"));
}

async function commitBesideAllApps(environment: Environment, operator: OperatorProcess): Promise<void> {
  let handled: string | undefined;
  const watch = await Watch.open(environment.api, customPath("gitrepositories"), ({ object }) => {
    handled = (object.status as { lastHandledReconcileAt?: string } | undefined)?.lastHandledReconcileAt;
  });
  try {
    for (let sample = 1; sample <= environment.scale.commits; sample++) {
      await environment.repo.commit({ "README.md": `Edition ${sample}\n` }, "Words");
      const token = await environment.poke("gitrepositories", REPOSITORY);
      await watch.until("the commit was noticed", () => handled === token);
      await untilQuiet(operator.pid, { forMs: 200 });
    }
  } finally {
    watch.close();
  }
}
