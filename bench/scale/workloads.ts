import type { OperatorProcess } from "../../test/support/operator-process.js";
import { makeTemporaryFolder } from "../../tools/temporary-folder.js";
import { waitUntil } from "../../tools/wait-until.js";
import { inParallel, MERGE } from "../api.js";
import {
  APPS_NAMESPACE,
  customPath,
  deploymentsPath,
  Environment,
  isReady,
  type LiveApp,
  REPOSITORY,
} from "../environment.js";
import { OperatorCounts, usedBetween } from "../operator-counts.js";
import { QUICK_SCALE } from "../options.js";
import { memoryMb, untilQuiet } from "../process-usage.js";
import { median } from "../statistics.js";
import { Watch } from "../watch.js";
import { appName, deployment, deploymentFiles, deploymentPath } from "../workload.js";
import { measureRestart, type RestartRun } from "./restart.js";
import { AuditLog, type ServedRequests } from "./served-requests.js";
import { measureWorkloadLimit, type WorkloadLimit } from "./workload-limit.js";

/** What apps of one Deployment each cost, with health awaited. */
export interface WorkloadRun {
  readonly apps: number;
  /** The lower bound, measured before. */
  readonly limit: WorkloadLimit;
  /** From the first custom resource until all apps are Ready. */
  readonly readySeconds: number;
  /** CPU seconds of the operator, and of API server and etcd, until then and until it rests. */
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
  /** CPU seconds of controller manager, scheduler and simulated node. */
  readonly controllersCpuSeconds: number;
  readonly requests: number;
  readonly peakRssMb: number;
  /** From setting the annotation `reconcile-at` until the one app is Ready at the commit; medians. */
  readonly commit: StepRun;
  /** From an edit of the replicas until they are reverted and the app is Ready. */
  readonly drift: StepRun;
  readonly restart: Omit<RestartRun, "rssMb">;
}

/** The median cost of one step. */
export interface StepRun {
  readonly ms: number;
  readonly cpuMs: number;
  readonly requests: number;
}

const STEPS = 10;
const TIMEOUT_MS = 600_000;

/** Brings so many apps of one Deployment each into an empty cluster with real controllers and a simulated node. */
export async function measureWorkloads(apps: number, profile?: string): Promise<WorkloadRun> {
  const limit = await measureWorkloadLimit(apps);
  const scale = { ...QUICK_SCALE, apps, objectsPerApp: 1 };
  const environment = await Environment.create(scale, profile, deploymentFiles(apps), true);
  try {
    const operator = await environment.startOperator("workloads");
    const cold = await coldSync(environment, operator);
    const commit = await steps(operator, (step) => commitOne(environment, step));
    const drift = await steps(operator, (step) => driftOne(environment, step));
    const { next: _, rssMb: __, ...restart } = await measureRestart(environment, operator);
    return { apps, limit, ...cold, commit, drift, restart };
  } finally {
    await environment.close();
  }
}

/** Syncs so many apps of one Deployment each, and returns the requests that the API server had meanwhile, from every client. */
export async function measureServed(apps: number): Promise<ServedRequests[]> {
  const scale = { ...QUICK_SCALE, apps, objectsPerApp: 1 };
  const folder = await makeTemporaryFolder("overseer-audit-");
  const audit = await AuditLog.in(folder.path);
  const environment = await Environment.create(scale, undefined, deploymentFiles(apps), true, audit.flags);
  try {
    const operator = await environment.startOperator("served");
    const begun = await audit.position();
    await coldSync(environment, operator);
    return await audit.since(begun);
  } finally {
    await environment.close();
    await folder.remove();
  }
}

async function coldSync(environment: Environment, operator: OperatorProcess) {
  await untilQuiet(operator.pid);
  const counts = new OperatorCounts(operator);
  const before = await counts.read("cpu-last");
  const cpu = { server: environment.serverCpuSeconds(), controllers: environment.controllersCpuSeconds() };
  const ready = new Set<string>();
  // The API server encodes an event once for all watches, so that this one costs less than lists of all apps would.
  const watch = await Watch.open<LiveApp>(environment.api, customPath("overseerapps"), ({ object }) => {
    if (isReady(object)) ready.add(object.metadata.name);
  });
  const started = performance.now();
  await environment.createRepository();
  const names = Array.from({ length: environment.scale.apps }, (_, app) => appName(app));
  await inParallel(names, 8, (name) => environment.createApp(name, `apps/${name}`));
  await watch.until("all apps are Ready", () => ready.size >= names.length, TIMEOUT_MS);
  const readySeconds = (performance.now() - started) / 1000;
  const serverCpuSeconds = environment.serverCpuSeconds() - cpu.server;
  const controllersCpuSeconds = environment.controllersCpuSeconds() - cpu.controllers;
  watch.close();
  await untilQuiet(operator.pid);
  const { cpuSeconds, requests } = usedBetween(before, await counts.read("cpu-first"));
  const peakRssMb = memoryMb(operator.pid, "peak");
  return { readySeconds, cpuSeconds, serverCpuSeconds, controllersCpuSeconds, requests, peakRssMb };
}

async function steps(operator: OperatorProcess, step: (count: number) => Promise<number>): Promise<StepRun> {
  const runs: StepRun[] = [];
  for (let count = 1; count <= STEPS; count++) {
    const counts = new OperatorCounts(operator);
    const before = await counts.read("cpu-last");
    const ms = await step(count);
    await untilQuiet(operator.pid);
    const { cpuSeconds, requests } = usedBetween(before, await counts.read("cpu-first"));
    runs.push({ ms, cpuMs: cpuSeconds * 1000, requests });
  }
  const of = (figure: keyof StepRun): number => median(runs.map((run) => run[figure]));
  return { ms: of("ms"), cpuMs: of("cpuMs"), requests: of("requests") };
}

async function commitOne(environment: Environment, step: number): Promise<number> {
  const app = step % environment.scale.apps;
  const commit = await environment.repo.commit({ [deploymentPath(app)]: deployment(app, step) }, `step ${step}`);
  const started = performance.now();
  await environment.poke("gitrepositories", REPOSITORY);
  await untilApp(environment, app, `Ready at ${commit}`, ({ status }) => status?.applied?.commit === commit);
  return performance.now() - started;
}

async function driftOne(environment: Environment, step: number): Promise<number> {
  const { api, scale } = environment;
  const app = (step + 1) % scale.apps;
  const path = `${deploymentsPath(APPS_NAMESPACE)}/${appName(app)}`;
  const body = { spec: { replicas: 2 } };
  const started = performance.now();
  await api.call({ method: "PATCH", path: `${path}?fieldManager=intruder`, contentType: MERGE, body });
  await waitUntil({ what: "the replicas are reverted", timeoutMs: TIMEOUT_MS, intervalMs: 5 }, async () => {
    const { spec } = await api.call({ method: "GET", path });
    return (spec as { replicas?: number }).replicas === 1;
  });
  const ms = performance.now() - started;
  await untilApp(environment, app, "Ready again", () => true);
  return ms;
}

async function untilApp(
  environment: Environment,
  app: number,
  what: string,
  holds: (app: Awaited<ReturnType<Environment["app"]>>) => boolean,
): Promise<void> {
  await waitUntil({ what: `${appName(app)} is ${what}`, timeoutMs: TIMEOUT_MS, intervalMs: 20 }, async () => {
    const live = await environment.app(appName(app));
    return isReady(live) && holds(live);
  });
}
