import { measureColdSync } from "../cold-sync.js";
import { type CommitRun, measureCommits } from "../commit.js";
import { Environment } from "../environment.js";
import { type HealRun, measureHeals } from "../heal.js";
import { type IdleRun, measureIdle } from "../idle.js";
import { QUICK_SCALE } from "../options.js";
import { type HandOverRun, measureHandOver } from "./hand-over.js";
import { measureRestart, type RestartRun } from "./restart.js";

/** What an estate of one size costs. */
export interface ScaleRun {
  readonly apps: number;
  readonly objects: number;
  /** Seconds until all objects were live, CPU seconds of the operator, its requests for each object, peak memory in MiB. */
  readonly cold: {
    readonly seconds: number;
    readonly cpuSeconds: number;
    readonly requestsPerObject: number;
    readonly peakRssMb: number;
  };
  readonly idle: IdleRun;
  readonly heal: HealRun;
  readonly commit: CommitRun;
  readonly restart: RestartRun;
  readonly handOver: HandOverRun;
}

/** Limit of a cold sync, for machines with much other work. */
const COLD_SYNC_MS = 1_800_000;

/** Brings so many apps of so many ConfigMaps each into an empty cluster, and measures what they cost from then on. */
export async function measureScale(apps: number, objectsPerApp: number, idleSeconds: number): Promise<ScaleRun> {
  const scale = { ...QUICK_SCALE, apps, objectsPerApp, idleSeconds, heals: 50, commits: 10 };
  const environment = await Environment.create(scale, undefined);
  try {
    const operator = await environment.startOperator("scale");
    const cold = await measureColdSync(environment, operator, COLD_SYNC_MS);
    const idle = await measureIdle(environment, operator);
    const heal = await measureHeals(environment, operator);
    const commit = await measureCommits(environment, operator);
    const { next, ...restart } = await measureRestart(environment, operator);
    const handOver = await measureHandOver(environment, next);
    const objects = apps * objectsPerApp;
    return {
      apps,
      objects,
      cold: {
        seconds: cold.seconds,
        cpuSeconds: cold.cpuSeconds,
        requestsPerObject: cold.requests / objects,
        peakRssMb: cold.peakRssMb,
      },
      idle,
      heal,
      commit,
      restart,
      handOver,
    };
  } finally {
    await environment.close();
  }
}
