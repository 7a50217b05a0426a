import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type CoreStage, startCore } from "./demo/core.js";
import { CORE_STEPS } from "./demo/core-steps.js";
import { conditionsOf } from "./demo/facts.js";
import { lookAround } from "./demo/look-around.js";
import { RENDERED_STEPS } from "./demo/rendered-steps.js";
import { APP, COMPOSE_APP, CORE_APPS, RENDERED_APPS, SAMPLE } from "./demo/sample.js";
import { Screen, seconds } from "./demo/screen.js";
import { keepLogs, type Stage, setStage } from "./demo/stage.js";
import type { Step } from "./demo/step.js";
import { STEPS } from "./demo/steps.js";
import { endStrayChildren } from "./demo/stray-children.js";
import { startWebUi } from "./demo/web-ui.js";

const USAGE = `Usage: demo [--once] [--simulated] [--sample FOLDER] [--step-timeout SECONDS]

--once          Exit after the steps: with 0, or with 1 and the reason.
--simulated     Start no containers. Without it, they run where a Docker engine can be started.
--sample        Sample repository. Defaults to ${SAMPLE}.
--step-timeout  Timeout of each step. Defaults to 60.
`;
/** Maximum time to wait for a running step before cleanup. */
const STOP_TIMEOUT_MS = 10_000;
const CLUSTER_STEPS = [...STEPS, ...RENDERED_STEPS];
const TOTAL = CLUSTER_STEPS.length + CORE_STEPS.length;

const screen = new Screen();
/** Cleanup functions, run last first. */
const cleanups: (() => Promise<unknown>)[] = [];
const addCleanup = (work: () => Promise<unknown>): number => cleanups.push(work);
const stopping = new AbortController();
const stopRequested = new Promise<undefined>((resolve) => {
  stopping.signal.addEventListener("abort", () => resolve(undefined));
});
/** Whether all started programs have a cleanup function, so that they can be stopped in order. */
let cleanupReady = false;

/** Demonstrates the operator on a real control plane and a real Core. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: "boolean", default: false },
      sample: { type: "string", default: SAMPLE },
      simulated: { type: "boolean", default: false },
      "step-timeout": { type: "string", default: "60" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const began = performance.now();
  screen.title("\nOverseer GitOps demo\n");
  const stage = await setStage(screen, values.sample, addCleanup, stopping.signal);
  cleanupReady = true;
  const showing = show(stage, values.simulated ? undefined : values.sample, Number(values["step-timeout"]) * 1000);
  const shown = await Promise.race([showing, stopRequested]);
  if (stopping.signal.aborted) {
    // Wait for the running step, whose programs have to be stopped too.
    await Promise.race([showing.catch(() => {}), delay(STOP_TIMEOUT_MS)]);
    return 130;
  }
  if (shown === undefined) return 1;
  screen.line(`\nAll ${TOTAL} steps after ${seconds(performance.now() - began).trim()}.`);
  if (values.once) return 0;
  const ui = await screen.timed(
    () => "web UI, with apps that need attention",
    () => startWebUi(shown, addCleanup),
  );
  lookAround(screen, shown, ui);
  return watch(shown);
}

/** Keeps running until the demo is stopped or one of its programs exits. */
async function watch(stage: Stage): Promise<number> {
  while (!stopping.signal.aborted) {
    const exited = stage.processes.find((one) => one.ended() !== undefined);
    if (exited !== undefined) {
      screen.line(`\n${screen.style.red("✘")} ${exited.name} ended with ${exited.ended()}`);
      await explain(stage);
      return 1;
    }
    await delay(500, undefined, { signal: stopping.signal }).catch(() => {});
  }
  return 0;
}

/** Runs all steps; returns undefined if one failed or the demo is stopped. */
async function show(stage: Stage, sample: string | undefined, timeoutMs: number): Promise<CoreStage | undefined> {
  screen.title("\nApps in the cluster");
  if (!(await showSteps(stage, CLUSTER_STEPS, 0, timeoutMs))) return undefined;
  screen.title("\nApps on an Overseer Core");
  const both = await startCore(stage, screen, sample, addCleanup);
  return (await showSteps(both, CORE_STEPS, CLUSTER_STEPS.length, timeoutMs)) ? both : undefined;
}

async function showSteps<S extends Stage>(
  stage: S,
  steps: readonly Step<S>[],
  before: number,
  timeoutMs: number,
): Promise<boolean> {
  for (const [index, step] of steps.entries()) {
    if (stopping.signal.aborted) return false;
    const number = `${before + index + 1}/${TOTAL}`;
    const began = performance.now();
    try {
      const { ms, facts } = await step.run(stage, timeoutMs);
      screen.done(number, step.title, ms, facts);
    } catch (error) {
      if (stopping.signal.aborted) return false;
      screen.failed(number, step.title, performance.now() - began);
      screen.line(`    ${error instanceof Error ? error.message : error}`);
      await explain(stage);
      return false;
    }
  }
  return true;
}

/** Prints conditions and logs after a failed step. */
async function explain(stage: Stage): Promise<void> {
  screen.line();
  screen.facts(await conditionsOf(stage, [APP, ...RENDERED_APPS, COMPOSE_APP, ...CORE_APPS]).catch(() => []));
  for (const one of stage.processes) screen.line(`\nlast lines of the log of ${one.name}:\n${one.tail(12)}`);
  screen.line(`\nall logs: ${await keepLogs(stage)}`);
}

/** Runs all cleanup functions, last first. Prints errors and continues. */
async function end(): Promise<void> {
  for (let work = cleanups.pop(); work !== undefined; work = cleanups.pop()) {
    await work().catch((error: unknown) => screen.line(error instanceof Error ? error.message : String(error)));
  }
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    screen.line(`\nstopping (${name})`);
    // During startup only the guards know all programs; they stop them after this process has exited.
    if (!cleanupReady) {
      endStrayChildren();
      process.exit(130);
    }
    cleanupReady = false;
    stopping.abort();
  });
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  screen.line(`\n${screen.style.red("✘")} ${error instanceof Error ? error.message : error}`);
  return 1;
});
// From here on, a second signal exits immediately.
cleanupReady = false;
await end();
process.exit(code);
