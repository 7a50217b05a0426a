import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type CoreStage, startCore } from "./demo/core.js";
import { CORE_STEPS } from "./demo/core-steps.js";
import { conditionsOf } from "./demo/facts.js";
import { lookAround } from "./demo/look-around.js";
import { APP, CORE_APPS, SAMPLE } from "./demo/sample.js";
import { Screen, seconds } from "./demo/screen.js";
import { keepLogs, type Stage, setStage } from "./demo/stage.js";
import type { Step } from "./demo/step.js";
import { STEPS } from "./demo/steps.js";
import { endStrayChildren } from "./demo/stray-children.js";

const USAGE = `usage: demo [--once] [--sample FOLDER] [--step-timeout SECONDS]

--once          end after the steps: exit code 0, or 1 with the reason
--sample        another sample repository than ${SAMPLE}
--step-timeout  how long a step may take; 60 unless told
`;
/** How long something that is under way may take to come to its end before all is ended. */
const STOP_PATIENCE_MS = 10_000;
const TOTAL = STEPS.length + CORE_STEPS.length;

const screen = new Screen();
/** What is to be undone, last first. */
const undo: (() => Promise<unknown>)[] = [];
const later = (work: () => Promise<unknown>): number => undo.push(work);
const stopping = new AbortController();
const stopAsked = new Promise<undefined>((resolve) => {
  stopping.signal.addEventListener("abort", () => resolve(undefined));
});
/** Whether all that was started is on `undo`, so that it can be ended in order. */
let settled = false;

/** Shows what the operator is for, on a real control plane and on a real Core. Gives the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: "boolean", default: false },
      sample: { type: "string", default: SAMPLE },
      "step-timeout": { type: "string", default: "60" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const began = performance.now();
  screen.title("\nOverseer GitOps: what is in Git is what runs\n");
  const stage = await setStage(screen, values.sample, later, stopping.signal);
  settled = true;
  const showing = show(stage, Number(values["step-timeout"]) * 1000);
  const shown = await Promise.race([showing, stopAsked]);
  if (stopping.signal.aborted) {
    // It may be starting something, which then has to be ended, too.
    await Promise.race([showing.catch(() => {}), delay(STOP_PATIENCE_MS)]);
    return 130;
  }
  if (shown === undefined) return 1;
  screen.line(`\nAll ${TOTAL} steps after ${seconds(performance.now() - began).trim()}.`);
  if (values.once) return 0;
  lookAround(screen, shown);
  return watch(shown);
}

/** Runs until somebody ends it, or until one of its programs ends by itself. */
async function watch(stage: Stage): Promise<number> {
  while (!stopping.signal.aborted) {
    const gone = stage.processes.find((one) => one.ended() !== undefined);
    if (gone !== undefined) {
      screen.line(`\n${screen.style.red("✘")} ${gone.name} ended with ${gone.ended()}`);
      await explain(stage);
      return 1;
    }
    await delay(500, undefined, { signal: stopping.signal }).catch(() => {});
  }
  return 0;
}

/** Shows all steps; undefined when one failed, or when the demo is to end. */
async function show(stage: Stage, timeoutMs: number): Promise<CoreStage | undefined> {
  screen.title("\nAn app in the cluster");
  if (!(await showSteps(stage, STEPS, 0, timeoutMs))) return undefined;
  screen.title("\nApps on an Overseer Core");
  screen.line("The agent's runner is simulated: it notes what would run, and starts nothing.\n");
  const both = await startCore(stage, screen, later);
  return (await showSteps(both, CORE_STEPS, STEPS.length, timeoutMs)) ? both : undefined;
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
      const { ms, seen } = await step.run(stage, timeoutMs);
      screen.done(number, step.title, ms, seen);
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

/** What helps to find out why a step failed. */
async function explain(stage: Stage): Promise<void> {
  screen.line();
  screen.facts(await conditionsOf(stage, [APP, ...CORE_APPS]).catch(() => []));
  for (const one of stage.processes) screen.line(`\nthe end of the log of ${one.name}:\n${one.tail(12)}`);
  screen.line(`\nall logs: ${await keepLogs(stage)}`);
}

/** Ends what was started, last first; what cannot be ended is told, and the rest is ended all the same. */
async function end(): Promise<void> {
  for (let work = undo.pop(); work !== undefined; work = undo.pop()) {
    await work().catch((error: unknown) => screen.line(error instanceof Error ? error.message : String(error)));
  }
}

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    screen.line(`\nending (${name})`);
    // While something is being started nobody knows all of it but the guards, which end it when this process is gone.
    if (!settled) {
      endStrayChildren();
      process.exit(130);
    }
    settled = false;
    stopping.abort();
  });
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  screen.line(`\n${screen.style.red("✘")} ${error instanceof Error ? error.message : error}`);
  return 1;
});
// A second signal from here on does not wait for an orderly end.
settled = false;
await end();
process.exit(code);
