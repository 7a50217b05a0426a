import type { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import { inParallel, MERGE } from "../api.js";
import { configMapsPath, Environment } from "../environment.js";
import { parseMetrics, sumOf } from "../metrics-text.js";
import { OperatorCounts } from "../operator-counts.js";
import { QUICK_SCALE } from "../options.js";
import { memoryMb, untilQuiet } from "../process-usage.js";
import { appName, objectName, repositoryFiles } from "../workload.js";

/** What processes cost that manage all apps together. Sums over the processes, but memory: of each. */
export interface FleetRun {
  readonly processes: number;
  /** From the start until all apps were reconciled and the processes rest. Of a cold sync: until all apps are Ready. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly rssMb: readonly number[];
  readonly peakRssMb: readonly number[];
  /** Without any change. */
  readonly idleCpuSecondsPerMinute: number;
  readonly idleRequestsPerMinute: number;
}

/** How long apps are without a process that manages them: until the Leases of the shards have a new holder, and until drift in each shard is reverted. */
export interface FailoverRun {
  readonly shards: number;
  readonly movedSeconds: number;
  readonly healedSeconds: number;
}

/** What `--shards` measures. */
export interface ShardsRun {
  readonly apps: number;
  readonly objects: number;
  readonly cold: FleetRun;
  readonly alone: FleetRun;
  readonly shared: FleetRun;
  /** One process that holds all shards after the other one was killed. */
  readonly survivor: { readonly rssMb: number };
  readonly killed: FailoverRun;
  readonly stopped: FailoverRun;
  /** Changes made since all apps were Ready the first time. */
  readonly changes: number;
}

/** Namespaces of the apps. Each is a shard: the first one that of all other namespaces. */
const NAMESPACES = ["bench-shard-0", "bench-shard-1", "bench-shard-2", "bench-shard-3"] as const;
const CUSTOM = "/apis/gitops.overseer.io/v1alpha1";
const API_VERSION = "gitops.overseer.io/v1alpha1";
const REPOSITORY = "fleet";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/overseer-system/leases";
const LEASE = "bench-shards";
const TIMEOUT_MS = 3_600_000;

/** Compares one process with two that divide four namespaces, each with a quarter of the apps. */
export async function measureShards(
  apps: number,
  objects: number,
  idleSeconds: number,
  progress: (text: string) => void,
): Promise<ShardsRun> {
  const scale = { ...QUICK_SCALE, apps, objectsPerApp: objects, idleSeconds };
  const environment = await Environment.create(scale, undefined, repositoryFiles(apps, objects));
  try {
    await prepare(environment);
    const first = await start(environment, "cold", []);
    const began = performance.now();
    await createApps(environment);
    await untilReady([first], apps, progress);
    const coldSeconds = (performance.now() - began) / 1000;
    const cold = await measureFleet([first], coldSeconds, idleSeconds);
    const changesBefore = await countChanges(environment);
    progress(`cold ${JSON.stringify(cold)}`);
    await environment.stopOperator(first);

    const alone = await measureStart(environment, [["alone", []]], idleSeconds);
    progress(`alone ${JSON.stringify(alone.run)}`);
    for (const operator of alone.operators) await environment.stopOperator(operator);

    const flags = [
      `--shards=${NAMESPACES.slice(1)
        .map((name, index) => `s${index + 1}=${name}`)
        .join(";")}`,
    ];
    const pair = ["one", "two"].map((name): readonly [string, readonly string[]] => [name, flags]);
    const shared = await measureStart(environment, pair, idleSeconds);
    progress(`shared ${JSON.stringify(shared.run)}`);

    const [one, two] = shared.operators;
    if (one === undefined || two === undefined) throw new Error("two processes were not started");
    const killed = await measureFailover(environment, "one", () => one.stop("SIGKILL"));
    progress(`killed ${JSON.stringify(killed)}`);
    await untilQuiet(two.pid, { timeoutMs: TIMEOUT_MS });
    const survivor = { rssMb: memoryMb(two.pid, "now") };
    await start(environment, "three", flags);
    await untilShared(environment);
    const stopped = await measureFailover(environment, "two", () => two.stop("SIGTERM"));
    progress(`stopped ${JSON.stringify(stopped)}`);
    const changes = (await countChanges(environment)) - changesBefore;
    return { apps, objects, cold, alone: alone.run, shared: shared.run, survivor, killed, stopped, changes };
  } finally {
    await environment.close();
  }
}

function start(environment: Environment, identity: string, flags: readonly string[]): Promise<OperatorProcess> {
  const all = ["--leader-election=true", `--lease-name=${LEASE}`, `--identity=${identity}`, ...flags];
  return environment.startOperator(identity, all, NAMESPACES);
}

async function prepare({ api, repo }: Environment): Promise<void> {
  for (const name of [...NAMESPACES, "overseer-system"])
    await api.call({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } });
  for (const namespace of NAMESPACES)
    await api.call({
      method: "POST",
      path: `${CUSTOM}/namespaces/${namespace}/gitrepositories`,
      body: {
        apiVersion: API_VERSION,
        kind: "GitRepository",
        metadata: { name: REPOSITORY, namespace },
        spec: { url: repo.url, ref: { branch: "main" }, interval: "1h" },
      },
    });
}

function namespaceOf(app: number): string {
  return NAMESPACES[app % NAMESPACES.length] ?? NAMESPACES[0];
}

async function createApps({ api, scale }: Environment): Promise<void> {
  await inParallel(
    Array.from({ length: scale.apps }, (_, app) => app),
    8,
    async (app) => {
      const namespace = namespaceOf(app);
      const source = { repositoryRef: { name: REPOSITORY }, path: `apps/${appName(app)}` };
      await api.call({
        method: "POST",
        path: `${CUSTOM}/namespaces/${namespace}/overseerapps`,
        body: {
          apiVersion: API_VERSION,
          kind: "OverseerApp",
          metadata: { name: appName(app), namespace },
          spec: { source, destination: { kubernetes: {} } },
        },
      });
    },
  );
}

/** Reads a sum over the series of processes whose labels match. */
async function sumMetric(
  operators: readonly OperatorProcess[],
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const texts = operators.map(async (operator) => (await fetch(`${await operator.address()}/metrics`)).text());
  return sumOf((await Promise.all(texts)).flatMap(parseMetrics), name, (found) =>
    Object.entries(labels).every(([key, value]) => found[key] === value),
  );
}

async function untilReady(
  operators: readonly OperatorProcess[],
  apps: number,
  progress: (text: string) => void,
): Promise<void> {
  let shown = 0;
  await waitUntil({ what: "all apps are Ready", timeoutMs: TIMEOUT_MS, intervalMs: 2_000 }, async () => {
    const ready = await sumMetric(operators, "overseer_apps", { state: "ready" });
    if (ready >= shown + apps / 10) progress(`${ready} of ${apps} apps are Ready`);
    if (ready >= shown + apps / 10) shown = ready;
    return ready >= apps;
  });
}

/** Starts processes where everything is as in Git, and waits until they have reconciled all apps. */
async function measureStart(
  environment: Environment,
  starts: readonly (readonly [string, readonly string[]])[],
  idleSeconds: number,
): Promise<{ readonly run: FleetRun; readonly operators: readonly OperatorProcess[] }> {
  const began = performance.now();
  const operators = await Promise.all(starts.map(([name, flags]) => start(environment, name, flags)));
  await waitUntil({ what: "all apps are reconciled", timeoutMs: TIMEOUT_MS, intervalMs: 1_000 }, async () => {
    const count = await sumMetric(operators, "controller_reconcile_total", { controller: "overseerapp" });
    return count >= environment.scale.apps;
  });
  if (operators.length > 1) await untilShared(environment);
  for (const { pid } of operators) await untilQuiet(pid, { timeoutMs: TIMEOUT_MS });
  const seconds = (performance.now() - began) / 1000;
  return { run: await measureFleet(operators, seconds, idleSeconds), operators };
}

async function measureFleet(
  operators: readonly OperatorProcess[],
  seconds: number,
  idleSeconds: number,
): Promise<FleetRun> {
  for (const { pid } of operators) await untilQuiet(pid, { timeoutMs: TIMEOUT_MS });
  const counts = operators.map((operator) => new OperatorCounts(operator));
  const used = await Promise.all(counts.map((count) => count.read("cpu-last")));
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
  const rssMb = operators.map(({ pid }) => memoryMb(pid, "now"));
  const after = await Promise.all(counts.map((count) => count.read("cpu-first")));
  const sum = (of: (index: number) => number): number => operators.reduce((total, _, index) => total + of(index), 0);
  const minutes = idleSeconds / 60;
  return {
    processes: operators.length,
    seconds,
    cpuSeconds: sum((index) => used[index]?.cpuSeconds ?? 0),
    requests: sum((index) => used[index]?.requests ?? 0),
    rssMb,
    peakRssMb: operators.map(({ pid }) => memoryMb(pid, "peak")),
    idleCpuSecondsPerMinute: sum((at) => (after[at]?.cpuSeconds ?? 0) - (used[at]?.cpuSeconds ?? 0)) / minutes,
    idleRequestsPerMinute: sum((at) => (after[at]?.requests ?? 0) - (used[at]?.requests ?? 0)) / minutes,
  };
}

/** Holders of the Leases of all shards, in the order of the namespaces. */
async function holders({ api }: Environment): Promise<readonly string[]> {
  const { items } = await api.call<{ items: readonly Lease[] }>({ method: "GET", path: LEASES });
  const holderOf = (name: string): string =>
    items.find(({ metadata }) => metadata.name === name)?.spec?.holderIdentity ?? "";
  return NAMESPACES.map((_, index) => holderOf(index === 0 ? LEASE : `${LEASE}-s${index}`));
}

interface Lease {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly holderIdentity?: string };
}

/** Waits until two processes hold two shards each. */
async function untilShared(environment: Environment): Promise<void> {
  await waitUntil({ what: "the shards are shared equally", timeoutMs: 120_000 }, async () => {
    const found = await holders(environment);
    return new Set(found).size === 2 && found.every((one) => found.filter((other) => other === one).length === 2);
  });
}

/** Ends a process, changes an object in each of its shards, and waits for another process. */
async function measureFailover(
  environment: Environment,
  identity: string,
  end: () => Promise<void>,
): Promise<FailoverRun> {
  const before = await holders(environment);
  const lost = before.flatMap((holder, index) => (holder === identity ? [index] : []));
  const drifts = await Promise.all(lost.map((index) => drift(environment, index)));
  // What the process reverts itself must be reverted before it ends.
  for (const healed of drifts) await healed();
  const began = performance.now();
  const ended = end();
  const again = Promise.all(lost.map((index) => drift(environment, index)));
  await waitUntil({ what: "the shards have moved", timeoutMs: 120_000, intervalMs: 50 }, async () => {
    const now = await holders(environment);
    return lost.every((index) => now[index] !== "" && now[index] !== identity);
  });
  const movedSeconds = (performance.now() - began) / 1000;
  for (const healed of await again) await healed();
  const healedSeconds = (performance.now() - began) / 1000;
  await ended;
  return { shards: lost.length, movedSeconds, healedSeconds };
}

/** Changes an object of the first app of a namespace; the returned function waits until that is reverted. */
async function drift({ api }: Environment, app: number): Promise<() => Promise<void>> {
  const path = `${configMapsPath(namespaceOf(app))}/${objectName(app, 0)}`;
  const body = { data: { colour: "drifted" } };
  await api.call({ method: "PATCH", path: `${path}?fieldManager=intruder`, contentType: MERGE, body });
  return async () => {
    await waitUntil({ what: "drift is reverted", timeoutMs: 300_000, intervalMs: 20 }, async () => {
      const { data } = (await api.call({ method: "GET", path })) as { data?: { colour?: string } };
      return data?.colour !== "drifted";
    });
  };
}

async function countChanges({ api }: Environment): Promise<number> {
  const page = await api.call<{ items: readonly unknown[]; metadata: { remainingItemCount?: number } }>({
    method: "GET",
    path: `${CUSTOM}/changes?limit=1`,
  });
  return page.items.length + (page.metadata.remainingItemCount ?? 0);
}
