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
import { compiledPath, deal, runsAlone, type Tier, testFiles } from "./test-run/select.js";

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
 * folders, `GREP` a pattern for titles, `WORKERS` how many behaviour test files run at once, `RETRIES` how many test files may run a
 * second time after a failure, alone (defaults to 0; what then passes is listed as flaky); with `REQUIRE=all` a skip is a failure. The last line is `N passed, N failed, N skipped`; the exit code is 1 when a test failed, a child crashed or
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

/** A process for each core, each with its share of the files. Files with failures run again at the end, each in a process of its own. */
async function runUnit(files: readonly string[]): Promise<void> {
  const piles = deal(files, Math.min(4, availableParallelism()));
  const again: Turn[] = [];
  await Promise.all(
    piles.map(async (pile, index) => {
      const { results, problems } = await runFiles("unit", pile, `unit tests, process ${index + 1}`, {});
      const failed = new Set(results.filter(({ state }) => state === "failed").map(({ file }) => file));
      const postponed = new Set(stopping.signal.aborted ? [] : [...failed].slice(0, retries));
      retries -= postponed.size;
      for (const file of postponed) {
        report.runsAgain(file);
        again.push({ file, failed: { results: results.filter((result) => result.file === file), problems: [] } });
      }
      report.add(
        results.filter(({ file }) => !postponed.has(file)),
        problems,
      );
    }),
  );
  for (const turn of again) await take("unit", turn, {}, again);
}

/** A test file to run, and how it failed the first time if it runs again. */
interface Turn {
  readonly file: string;
  readonly failed?: ChildOutcome;
}

/**
 * A process for each file: a leak or crash has a name, and harms no other file. As many at once as there are workers, each
 * with a control plane of its own, so that a test may stop or overload one without harming its neighbours. Files that have to
 * run alone come last, one after the other, and then those that run again after a failure.
 */
async function runBehaviour(files: readonly string[]): Promise<void> {
  const alone = files.filter((file) => runsAlone(root, file)).map((file): Turn => ({ file }));
  const beside = files.filter((file) => !runsAlone(root, file)).map((file): Turn => ({ file }));
  const count = Math.min(workers(), beside.length);
  await Promise.all(Array.from({ length: count }, (_, index) => work(beside, index, alone)));
  await work(alone, 0, alone);
}

/** Runs what is in the queue until it is empty; what may run a second time is put at the end of `again`. */
async function work(queue: Turn[], worker: number, again: Turn[]): Promise<void> {
  if (queue.length === 0 || stopping.signal.aborted) return;
  let controlPlane: ControlPlane | undefined;
  try {
    controlPlane = await startControlPlane({ users: SAMPLE_USERS });
    const statePath = join(folder.path, `control-plane-${worker}.json`);
    await writeState(statePath, controlPlane.state());
    const env = { OVERSEER_TEST_CONTROL_PLANE: statePath, OVERSEER_TEST_WORKER: String(worker) };
    for (let turn = queue.shift(); turn !== undefined && !stopping.signal.aborted; turn = queue.shift())
      await take("behaviour", turn, env, again);
  } catch (error) {
    report.problem(error instanceof Error ? error.message : String(error));
  } finally {
    await controlPlane?.stop();
  }
}

async function take(tier: Tier, { file, failed }: Turn, env: NodeJS.ProcessEnv, again: Turn[]): Promise<void> {
  const started = performance.now();
  const outcome = await runFiles(tier, [file], file, env);
  report.took(file, (performance.now() - started) / 1000);
  if (hasFailed(outcome) && failed === undefined && retries > 0 && !stopping.signal.aborted) {
    retries--;
    report.runsAgain(file);
    again.push({ file, failed: outcome });
    return;
  }
  if (failed !== undefined && !hasFailed(outcome)) report.flaky(failed.results, failed.problems);
  report.add(outcome.results, outcome.problems);
}

/** How many behaviour test files run at once: `WORKERS`, which defaults to the number of cores, at most 4. */
function workers(): number {
  const asked = Number(process.env.WORKERS);
  return Number.isInteger(asked) && asked > 0 ? asked : Math.min(4, availableParallelism());
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
