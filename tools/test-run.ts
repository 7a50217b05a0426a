import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "./control-plane.js";
import { SAMPLE_USERS } from "./control-plane-credentials.js";
import { writeState } from "./control-plane-state.js";
import { makeGuardedFolder } from "./process-guard.js";
import { repositoryRoot } from "./repository-root.js";
import { formatCounts } from "./test-run/messages.js";
import { RunReport } from "./test-run/report.js";
import { type ChildOutcome, runChild } from "./test-run/run-child.js";
import { compiledPath, deal, type Tier, testFiles } from "./test-run/select.js";

/** Far more than any file or tier needs on a slow machine: what takes longer hangs. */
const TIMEOUT_MS: Readonly<Record<Tier, number>> = { unit: 15 * 60_000, behaviour: 15 * 60_000 };
const TITLES: Readonly<Record<Tier, string>> = { unit: "Unit and house tests", behaviour: "Behaviour tests" };

const root = repositoryRoot();
const report = new RunReport();
const folder = await makeGuardedFolder("overseer-test-run-");
const stopping = new AbortController();
let retries = Number(process.env.RETRIES ?? 0);

/**
 * `node build/tools/test-run.js [unit|behaviour]`: runs the compiled tests in child processes. `ONLY` names files or
 * folders, `GREP` a pattern for titles, `WORKERS` how many behaviour test files run at once, `RETRIES` how many of them may run a second time after a failure
 * (defaults to 0; what then passes is listed as flaky); with `REQUIRE=all` a skip is a failure. The last line is `N passed, N failed, N skipped`; the exit code is 1 when a test failed, a child crashed or
 * hung, or nothing was run.
 */
async function main(args: readonly string[]): Promise<number> {
  const tiers: readonly Tier[] = args[0] === "unit" || args[0] === "behaviour" ? [args[0]] : ["unit", "behaviour"];
  const only = (process.env.ONLY ?? "").split(/[\s,]+/).filter((part) => part !== "");
  const times: string[] = [];
  for (const tier of tiers) {
    const files = testFiles(root, tier, only);
    if (files.length === 0 || stopping.signal.aborted) continue;
    const before = report.counts();
    const started = performance.now();
    report.begin(`${TITLES[tier]} (${files.length} files)`);
    await (tier === "unit" ? runUnit(files) : runBehaviour(files));
    const seconds = (performance.now() - started) / 1000;
    times.push(`${tier} ${seconds.toFixed(1)} s: ${formatCounts(report.tier(tier, seconds, before))}`);
  }
  const { passed, failed, skipped } = report.counts();
  if (stopping.signal.aborted) report.problem("interrupted");
  else if (passed + failed === 0) report.problem("no test was run: check ONLY and GREP");
  if (process.env.REQUIRE === "all" && skipped > 0) report.problem(`${skipped} tests were skipped, and REQUIRE=all`);
  const counts = report.counts();
  const lines = [...times, formatCounts(counts)];
  await writeFile(join(root, "build/test-summary.txt"), `${lines.join("\n")}\n`);
  process.stdout.write("\n");
  report.finish();
  return counts.failed === 0 ? 0 : 1;
}

/** A process for each core, each with its share of the files. */
async function runUnit(files: readonly string[]): Promise<void> {
  const piles = deal(files, Math.min(4, availableParallelism()));
  await Promise.all(piles.map((pile, index) => run("unit", pile, `unit tests, process ${index + 1}`, {})));
}

/**
 * A process for each file: a leak or crash has a name, and harms no other file. As many at once as there are workers, each
 * with a control plane of its own, so that a test may stop or overload one without harming its neighbours.
 */
async function runBehaviour(files: readonly string[]): Promise<void> {
  const queue = [...files];
  await Promise.all(Array.from({ length: Math.min(workers(), files.length) }, (_, index) => work(queue, index)));
}

async function work(queue: string[], worker: number): Promise<void> {
  let controlPlane: ControlPlane | undefined;
  try {
    controlPlane = await startControlPlane({ users: SAMPLE_USERS });
    const statePath = join(folder.path, `control-plane-${worker}.json`);
    await writeState(statePath, controlPlane.state());
    for (let file = queue.shift(); file !== undefined && !stopping.signal.aborted; file = queue.shift())
      await run("behaviour", [file], file, { OVERSEER_TEST_CONTROL_PLANE: statePath });
  } catch (error) {
    report.problem(error instanceof Error ? error.message : String(error));
  } finally {
    await controlPlane?.stop();
  }
}

/** How many behaviour test files run at once: `WORKERS`, which defaults to the number of cores, at most 4. */
function workers(): number {
  const asked = Number(process.env.WORKERS);
  return Number.isInteger(asked) && asked > 0 ? asked : Math.min(4, availableParallelism());
}

async function run(tier: Tier, files: readonly string[], name: string, env: NodeJS.ProcessEnv): Promise<void> {
  const started = performance.now();
  const first = await runFiles(tier, files, name, env);
  const retry = tier === "behaviour" && hasFailed(first) && retries > 0 && !stopping.signal.aborted;
  if (retry) retries--;
  const second = retry ? await runFiles(tier, files, name, env) : undefined;
  if (second && !hasFailed(second)) report.flaky(first.results, first.problems);
  const { results, problems } = second ?? first;
  report.add(results, problems);
  if (tier === "behaviour") report.took(name, (performance.now() - started) / 1000);
}

function hasFailed({ results, problems }: ChildOutcome): boolean {
  return problems.length > 0 || results.some(({ state }) => state === "failed");
}

function runFiles(tier: Tier, files: readonly string[], name: string, env: NodeJS.ProcessEnv): Promise<ChildOutcome> {
  return runChild({
    files: files.map((file) => compiledPath(root, file)),
    name,
    // What a killed test leaves in its temporary folder goes with ours.
    env: { ...process.env, TMPDIR: folder.path, ...env },
    timeoutMs: TIMEOUT_MS[tier],
    guard: folder.guard,
    signal: stopping.signal,
  });
}

for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // Children end now; a second signal ends this process, too, and the guards end what it has started.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  });
}
const code = await main(process.argv.slice(2));
await folder.remove();
process.exit(code);
