import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import type { OperatorProcess } from "../test/support/operator-process.js";
import { figuresTable, missed } from "./budgets.js";
import { type ColdSyncRun, measureColdSync } from "./cold-sync.js";
import { measureCommits } from "./commit.js";
import { measureCore } from "./core/measure-core.js";
import { Environment } from "./environment.js";
import { type Figures, figuresOf, type KubernetesMeasurements, type Measurements, nested } from "./figures.js";
import { measureHeals } from "./heal.js";
import { measureIdle } from "./idle.js";
import { type LimitRun, measureLimit } from "./limit.js";
import { measureNoop } from "./noop.js";
import { type BenchOptions, parseOptions, USAGE } from "./options.js";
import { summariseProfiles } from "./profile-report.js";
import { measureWatched } from "./watched-objects.js";

/** Says how far the bench is; the figures alone go to stdout. */
function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** The bare client and the operator by turns, A B B A, so that a machine that gets slower or faster harms both alike. */
async function measureColdSyncs(environment: Environment, profiling: boolean) {
  const limits: LimitRun[] = [];
  const limitsWithoutDryRun: LimitRun[] = [];
  const coldSyncs: ColdSyncRun[] = [];
  let last: OperatorProcess | undefined;
  const bare = async (): Promise<void> => {
    limitsWithoutDryRun.push(await measureLimit(environment, false));
    limits.push(await measureLimit(environment, true));
    progress(
      `bare client ${limitsWithoutDryRun.at(-1)?.seconds.toFixed(2)} s, ${limits.at(-1)?.seconds.toFixed(2)} s with dry run`,
    );
  };
  const cold = async (): Promise<void> => {
    if (last) {
      await environment.stopOperator(last);
      await environment.clearApps();
    }
    last = await environment.startOperator(`cold-sync-${coldSyncs.length + 1}`);
    const run = await measureColdSync(environment, last);
    coldSyncs.push(run);
    progress(`cold sync ${JSON.stringify(run)}`);
  };
  await measureLimit(environment, true);
  for (let round = 0; round < environment.scale.rounds; round++) {
    for (const step of round % 2 === 0 ? [bare, cold] : [cold, bare]) await step();
  }
  if (profiling && last) {
    await environment.stopOperator(last);
    last = await environment.startOperator("steady");
  }
  if (!last) throw new Error("there was no cold sync");
  return { limits, limitsWithoutDryRun, coldSyncs, operator: last };
}

/** Takes all measurements of apps in the cluster, one after the other on the same servers. */
async function measureKubernetes(environment: Environment, profiling: boolean): Promise<KubernetesMeasurements> {
  const { scale } = environment;
  const { operator, ...syncs } = await measureColdSyncs(environment, profiling);
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const result = await work();
    progress(`${name} ${JSON.stringify(result)}`);
    return result;
  };
  const idle = await step("idle", () => measureIdle(environment, operator));
  const heal = await step("heal", () => measureHeals(environment, operator));
  const commit = await step("commit", () => measureCommits(environment, operator));
  const noop = await step("noop", () => measureNoop(environment, operator));
  let current = operator;
  const restart = async (name: string): Promise<OperatorProcess> => {
    await environment.stopOperator(current);
    current = await environment.startOperator(name);
    return current;
  };
  const watched = scale.watched === 0 ? undefined : await step("watched", () => measureWatched(environment, restart));
  await environment.stopOperator(current);
  await environment.clearApps();
  return { ...syncs, idle, heal, commit, noop, watched };
}

async function measure(environment: Environment, { scale, parts, profile }: BenchOptions): Promise<Measurements> {
  const kubernetes = parts.includes("kubernetes")
    ? await measureKubernetes(environment, profile !== undefined)
    : undefined;
  const core = parts.includes("core") ? await measureCore(environment, progress, profile) : undefined;
  return { scale, kubernetes, core };
}

/** The JSON of `--json`: the figures by name, what they were made of, and where. */
function report(measured: Measurements, figures: Figures): string {
  const { scale, kubernetes, core } = measured;
  const runs = { ...kubernetes, ...core };
  const machine = { cpus: cpus().length, cpu: cpus()[0]?.model ?? "", node: process.version };
  const date = new Date().toISOString();
  return `${JSON.stringify({ date, machine, scale, ...nested(figures), missed: missed(figures), runs }, null, 2)}\n`;
}

async function main(options: BenchOptions): Promise<void> {
  const { scale, json, profile } = options;
  if (profile !== undefined) await mkdir(profile, { recursive: true });
  progress(
    `${scale.apps} apps x ${scale.objectsPerApp} ConfigMaps, ${scale.coreApps} apps on a Core; starting the servers`,
  );
  const environment = await Environment.create(scale, profile);
  let measured: Measurements;
  try {
    measured = await measure(environment, options);
  } finally {
    await environment.close();
  }
  const figures = figuresOf(measured);
  if (json !== undefined) await writeFile(json, report(measured, figures));
  process.stdout.write(`${figuresTable(figures)}\n`);
  if (profile === undefined) return;
  const kubernetes = measured.kubernetes === undefined ? [] : ["cold-sync-1", "steady"];
  const core = measured.core === undefined ? [] : ["core-1", "core-1/core", "core-1/agent"];
  for (const name of [...kubernetes, ...core])
    process.stdout.write(`\n${name}\n\n${await summariseProfiles(join(profile, name))}\n`);
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await main(options);
  else process.stdout.write(USAGE);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
