import { readdirSync, readlinkSync } from "node:fs";
import type { OperatorProcess } from "../../test/support/operator-process.js";
import { MERGE } from "../api.js";
import { measureColdSync } from "../cold-sync.js";
import { APPS_NAMESPACE, configMapsPath, Environment, REPOSITORY } from "../environment.js";
import { QUICK_SCALE } from "../options.js";
import { cpuSeconds, memoryMb } from "../process-usage.js";
import { manifest, manifestPath, objectName } from "../workload.js";

/** The operator at one moment of a soak. */
export interface SoakSample {
  readonly minute: number;
  readonly rssMb: number;
  /** Open sockets of the process. */
  readonly sockets: number;
  /** All open file descriptors. */
  readonly descriptors: number;
  /** CPU seconds since the sample before. */
  readonly cpuSeconds: number;
}

/** What a soak came to. */
export interface SoakRun {
  readonly minutes: number;
  readonly commits: number;
  readonly drifts: number;
  readonly samples: readonly SoakSample[];
  /** MiB an hour by which memory grows, by least squares over the second half. */
  readonly growthMbPerHour: number;
}

const APPS = 100;
const OBJECTS = 20;
/**
 * Keeps an operator busy: every `stepMs` a commit that changes one object, and a change by hand of another one. Takes a
 * sample each minute. Memory and connections have to stay where they are.
 */
export async function measureSoak(minutes: number, stepMs: number, progress: (text: string) => void): Promise<SoakRun> {
  const scale = { ...QUICK_SCALE, apps: APPS, objectsPerApp: OBJECTS };
  const environment = await Environment.create(scale, undefined);
  try {
    const operator = await environment.startOperator("soak");
    await measureColdSync(environment, operator);
    const samples: SoakSample[] = [];
    const began = performance.now();
    let cpu = cpuSeconds(operator.pid);
    let step = 0;
    while (performance.now() - began < minutes * 60_000) {
      step++;
      await disturb(environment, step);
      await new Promise((resolve) => setTimeout(resolve, stepMs));
      if (performance.now() - began < samples.length * 60_000) continue;
      const now = cpuSeconds(operator.pid);
      samples.push(sampleOf(operator, samples.length, now - cpu));
      cpu = now;
      progress(`minute ${samples.length - 1} ${JSON.stringify(samples.at(-1))}`);
    }
    return { minutes, commits: step, drifts: step, samples, growthMbPerHour: growth(samples) };
  } finally {
    await environment.close();
  }
}

async function disturb(environment: Environment, step: number): Promise<void> {
  const { api, repo } = environment;
  const [app, object] = [step % APPS, step % OBJECTS];
  await repo.commit({ [manifestPath(app, object)]: manifest(objectName(app, object), step) }, `step ${step}`);
  await environment.poke("gitrepositories", REPOSITORY);
  await api.call({
    method: "PATCH",
    path: `${configMapsPath(APPS_NAMESPACE)}/${objectName((step * 37) % APPS, (step * 7) % OBJECTS)}?fieldManager=intruder`,
    contentType: MERGE,
    body: { data: { colour: `drifted-${step}` } },
  });
}

function sampleOf(operator: OperatorProcess, minute: number, cpu: number): SoakSample {
  const folder = `/proc/${operator.pid}/fd`;
  const targets = readdirSync(folder).map((name) => targetOf(`${folder}/${name}`));
  const sockets = targets.filter((target) => target.startsWith("socket:")).length;
  return { minute, rssMb: memoryMb(operator.pid, "now"), sockets, descriptors: targets.length, cpuSeconds: cpu };
}

/** What a descriptor is open to; one that was closed meanwhile is open to nothing. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** MiB an hour, over the second half of the samples: the first half warms up. */
export function growth(samples: readonly Pick<SoakSample, "minute" | "rssMb">[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(half.map(({ minute }) => minute)), mean(half.map(({ rssMb }) => rssMb))];
  const above = half.reduce((sum, { minute, rssMb }) => sum + (minute - x) * (rssMb - y), 0);
  const below = half.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 60;
}
