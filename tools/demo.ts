import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DEMO_NAMESPACE, SAMPLE, SHOP_NAMESPACE } from "./demo/sample.js";
import { Screen, seconds } from "./demo/screen.js";
import { keepLogs, type Stage, setStage } from "./demo/stage.js";
import { conditionsOf, STEPS } from "./demo/steps.js";
import { endStrayChildren } from "./demo/stray-children.js";

const USAGE = `usage: demo [--once] [--sample FOLDER] [--step-timeout SECONDS]

--once          end after the steps: exit code 0, or 1 with the reason
--sample        another sample repository than ${SAMPLE}
--step-timeout  how long a step may take; 60 unless told
`;

const screen = new Screen();
/** What is to be undone, last first. */
const undo: (() => Promise<unknown>)[] = [];
const stopping = new AbortController();
const stopAsked = new Promise<undefined>((resolve) => {
  stopping.signal.addEventListener("abort", () => resolve(undefined));
});
/** Whether all that was started is on `undo`, so that it can be ended in order. */
let settled = false;

/** Shows the five things that the operator is for, on a real control plane. Gives the exit code. */
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
  const stage = await setStage(screen, values.sample, (work) => undo.push(work));
  settled = true;
  const ok = await Promise.race([showSteps(stage, Number(values["step-timeout"]) * 1000), stopAsked]);
  if (ok === undefined) return 130;
  if (!ok) return 1;
  screen.line(`\nAll ${STEPS.length} steps after ${seconds(performance.now() - began).trim()}.`);
  if (values.once) return 0;
  lookAround(stage);
  return watch(stage);
}

/** Runs until somebody ends it, or until the operator ends by itself. */
async function watch(stage: Stage): Promise<number> {
  while (!stopping.signal.aborted) {
    const ended = stage.operator.ended();
    if (ended !== undefined) {
      screen.line(`\n${screen.style.red("✘")} the operator ended with ${ended}`);
      await explain(stage);
      return 1;
    }
    await delay(500, undefined, { signal: stopping.signal }).catch(() => {});
  }
  return 0;
}

async function showSteps(stage: Stage, timeoutMs: number): Promise<boolean> {
  for (const [index, step] of STEPS.entries()) {
    const number = `${index + 1}/${STEPS.length}`;
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
  screen.facts(await conditionsOf(stage).catch(() => []));
  screen.line(`\nthe end of the operator's log:\n${stage.operator.tail(12)}`);
  screen.line(`\nall logs: ${await keepLogs(stage)}`);
}

function lookAround(stage: Stage): void {
  const kubectl = stage.cluster.kubectlPath;
  screen.title("\nLook around in another terminal\n");
  screen.line(`  export KUBECONFIG=${stage.cluster.kubeconfigPath}`);
  screen.line(`  ${kubectl} get gitrepositories,overseerapps,changes -A`);
  screen.line(`  ${kubectl} -n ${DEMO_NAMESPACE} describe overseerapp shop`);
  screen.line(`  ${kubectl} -n ${SHOP_NAMESPACE} scale deployment/web --replicas=9`);
  screen.line(`  git clone ${stage.repo.url}        # commit and push: it is live within 10 s`);
  screen.line(`  curl ${stage.operatorUrl}/metrics`);
  screen.line(screen.style.dim(`\n  log of the operator: ${stage.operator.logFile}`));
  screen.line("\nRunning. Ctrl-C ends everything and leaves nothing behind.");
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
