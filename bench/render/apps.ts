import { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import { measureColdSync } from "../cold-sync.js";
import { APPS_NAMESPACE, Environment } from "../environment.js";
import { OperatorCounts } from "../operator-counts.js";
import { QUICK_SCALE } from "../options.js";
import { childCpuSeconds, cpuSeconds, memoryMb, untilQuiet } from "../process-usage.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";
import { appName, manifest } from "../workload.js";

const APPS = Number(process.argv[2] ?? 1000);
/** ConfigMaps of each app. */
const OBJECTS = 2;
const TIMEOUT_MS = 3_600_000;

/** What an operator has used since its start. */
interface Use {
  readonly seconds: number;
  /** Own, and that of its children. */
  readonly cpuSeconds: number;
  readonly childCpuSeconds: number;
  /** Renders by Kustomize and results from disk. */
  readonly renders: number;
  readonly fromDisk: number;
  readonly peakRssMb: number;
  readonly rssMb: number;
}

/**
 * `node build/bench/render/apps.js [APPS]`: so many Kustomize apps, whose overlays share a base, are synced by a real operator with an
 * empty cache; then the operator is started again with the cache that it has filled. The table goes to stdout.
 */
async function main(): Promise<void> {
  const scale = { ...QUICK_SCALE, apps: APPS, objectsPerApp: OBJECTS };
  const environment = await Environment.create(scale, undefined, kustomizeFiles());
  const operator = await OperatorProcess.start({
    kubeconfigPath: environment.controlPlane.kubeconfigPath,
    trustedNamespaces: [APPS_NAMESPACE],
  });
  try {
    const { seconds } = await measureColdSync(environment, operator, TIMEOUT_MS);
    const cold = await usedBy(operator, seconds);
    await operator.stop();
    const started = performance.now();
    await operator.start();
    const counts = new OperatorCounts(operator);
    await waitUntil({ what: "all apps were reconciled", timeoutMs: TIMEOUT_MS, intervalMs: 200 }, async () => {
      return (await counts.read("cpu-first")).reconciles >= APPS;
    });
    await untilQuiet(operator.pid, { timeoutMs: TIMEOUT_MS });
    const restart = await usedBy(operator, (performance.now() - started) / 1000);
    process.stdout.write(`${formatTable([`${APPS} Kustomize apps`, "cold", "restart"], rowsOf(cold, restart))}\n`);
  } finally {
    await operator.remove();
    await environment.close();
  }
}

/** One base, and an overlay for each app. */
function kustomizeFiles(): Record<string, string> {
  const names = Array.from({ length: OBJECTS }, (_, index) => `settings-${index}`);
  const resources = names.map((name) => `${name}.yaml`).join(", ");
  const files: Record<string, string> = { "base/kustomization.yaml": `resources: [${resources}]\n` };
  for (const name of names) files[`base/${name}.yaml`] = manifest(name);
  for (let app = 0; app < APPS; app++) {
    const overlay = `resources: [../../base]\nnamePrefix: ${appName(app)}-\ncommonAnnotations: { app: ${appName(app)} }\n`;
    files[`apps/${appName(app)}/kustomization.yaml`] = overlay;
  }
  return files;
}

async function usedBy(operator: OperatorProcess, seconds: number): Promise<Use> {
  const { pid } = operator;
  const use = {
    seconds,
    cpuSeconds: cpuSeconds(pid),
    childCpuSeconds: childCpuSeconds(pid),
    peakRssMb: memoryMb(pid, "peak"),
    rssMb: memoryMb(pid, "now"),
  };
  const renders = await operator.freshMetric('overseer_renders_total{renderer="kustomize",result="miss"}');
  const fromDisk = await operator.freshMetric('overseer_renders_total{renderer="kustomize",result="disk"}');
  return { ...use, renders, fromDisk };
}

function rowsOf(cold: Use, restart: Use): string[][] {
  const row = (name: string, of: (use: Use) => number): string[] => [
    name,
    ...[cold, restart].map((use) => String(significant(of(use)))),
  ];
  return [
    row("seconds", (use) => use.seconds),
    row("renders by Kustomize", (use) => use.renders),
    row("results from disk", (use) => use.fromDisk),
    row("renders per second", (use) => use.renders / use.seconds),
    row("CPU of the operator, s", (use) => use.cpuSeconds),
    row("CPU of its children, s", (use) => use.childCpuSeconds),
    row("memory at rest, MiB", (use) => use.rssMb),
    row("memory at the peak, MiB", (use) => use.peakRssMb),
  ];
}

await main();
