import type { OperatorProcess } from "../../test/support/operator-process.js";
import { waitUntil } from "../../tools/wait-until.js";
import { APPS_NAMESPACE, Environment, type LiveApp, REPOSITORY } from "../environment.js";
import { OperatorCounts, usedBetween } from "../operator-counts.js";
import { QUICK_SCALE } from "../options.js";
import { memoryMb, untilQuiet } from "../process-usage.js";
import { formatTable } from "../table.js";
import { appName, manifest, objectName, repositoryFiles } from "../workload.js";
import { measureRestart } from "./restart.js";

/** What a set of apps costs. Its apps are suspended, so that their own syncs are not in the figures. */
export interface AppSetRun {
  readonly apps: number;
  /** From the creation of the set until all apps exist and have a status. */
  readonly created: SetStep & { readonly peakRssMb: number };
  /** A commit adds one folder: until its app exists and has a status. */
  readonly oneAdded: SetStep;
  /** A label of the template is changed: until all apps have it. */
  readonly template: SetStep;
  readonly restart: { readonly cpuSeconds: number; readonly requests: number; readonly writes: number };
}

/** The cost of one step. `changed`: the apps that are another version afterwards. */
export interface SetStep {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly changed: number;
}

const TIMEOUT_MS = 600_000;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const ACCOUNT = "app-set";
const STEP_LABEL = "bench.overseer.io/step";
const SETS = `/apis/gitops.overseer.io/v1alpha1/namespaces/${APPS_NAMESPACE}/overseerappsets`;

/** Makes a set of so many apps, one for each folder of a repository, and changes it. */
export async function measureAppSet(apps: number): Promise<AppSetRun> {
  const scale = { ...QUICK_SCALE, apps, objectsPerApp: 1 };
  const environment = await Environment.create(scale, undefined, repositoryFiles(apps, 1));
  try {
    await permit(environment);
    const operator = await environment.startOperator("app-set");
    await environment.createRepository();
    const all = (count: number) => (found: readonly LiveApp[]) =>
      found.length >= count && found.every(({ status }) => status?.conditions !== undefined);
    const created = await measureStep(environment, operator, () => applySet(environment, "one"), all(apps));
    const peakRssMb = memoryMb(operator.pid, "peak");
    const added = objectName(apps, 0);
    const addOne = async () => {
      await environment.repo.commit({ [`apps/${appName(apps)}/${added}.yaml`]: manifest(added) }, "One more");
      await environment.poke("gitrepositories", REPOSITORY);
    };
    const oneAdded = await measureStep(environment, operator, addOne, all(apps + 1));
    const relabel = () => applySet(environment, "two");
    const template = await measureStep(environment, operator, relabel, (found) =>
      found.every((app) => labelOf(app) === "two"),
    );
    const { cpuSeconds, requests, writes } = await measureRestart(environment, operator);
    return { apps, created: { ...created, peakRssMb }, oneAdded, template, restart: { cpuSeconds, requests, writes } };
  } finally {
    await environment.close();
  }
}

function labelOf({ metadata }: LiveApp): unknown {
  return (metadata.labels as Record<string, unknown> | undefined)?.[STEP_LABEL];
}

async function measureStep(
  environment: Environment,
  operator: OperatorProcess,
  work: () => Promise<unknown>,
  isDone: (apps: readonly LiveApp[]) => boolean,
): Promise<SetStep> {
  await untilQuiet(operator.pid, { timeoutMs: TIMEOUT_MS });
  const versions = async () =>
    new Map((await environment.apps()).map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  const earlier = await versions();
  const counts = new OperatorCounts(operator);
  const before = await counts.read("cpu-last");
  const started = performance.now();
  await work();
  await waitUntil({ what: "the apps of the set are as wanted", timeoutMs: TIMEOUT_MS, intervalMs: 500 }, async () =>
    isDone(await environment.apps()),
  );
  const seconds = (performance.now() - started) / 1000;
  await untilQuiet(operator.pid, { timeoutMs: TIMEOUT_MS });
  const { cpuSeconds, requests } = usedBetween(before, await counts.read("cpu-first"));
  const changed = [...(await versions())].filter(([name, version]) => earlier.get(name) !== version).length;
  return { seconds, cpuSeconds, requests, changed };
}

/** Lets the ServiceAccount of the set write apps. */
async function permit({ api }: Environment): Promise<void> {
  const metadata = { name: ACCOUNT, namespace: APPS_NAMESPACE };
  const rules = [
    { apiGroups: ["gitops.overseer.io"], resources: ["overseerapps"], verbs: ["create", "patch", "delete"] },
  ];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: ACCOUNT };
  const subjects = [{ kind: "ServiceAccount", ...metadata }];
  const path = `${RBAC}/namespaces/${APPS_NAMESPACE}`;
  await api.call({ method: "POST", path: `/api/v1/namespaces/${APPS_NAMESPACE}/serviceaccounts`, body: { metadata } });
  await api.call({ method: "POST", path: `${path}/roles`, body: { metadata, rules } });
  await api.call({ method: "POST", path: `${path}/rolebindings`, body: { metadata, roleRef, subjects } });
}

async function applySet({ api }: Environment, label: string): Promise<void> {
  const body = {
    apiVersion: "gitops.overseer.io/v1alpha1",
    kind: "OverseerAppSet",
    metadata: { name: "fleet", namespace: APPS_NAMESPACE },
    spec: {
      serviceAccountName: ACCOUNT,
      generators: [{ gitFolders: { repositoryRef: { name: REPOSITORY }, folders: ["apps/*"] } }],
      template: {
        metadata: { name: "{{ .path.basename }}", labels: { [STEP_LABEL]: label } },
        spec: {
          suspend: true,
          source: { repositoryRef: { name: REPOSITORY }, path: "{{ .path.path }}" },
          destination: { kubernetes: {} },
        },
      },
    },
  };
  const path = `${SETS}/fleet?fieldManager=bench&force=true`;
  await api.call({ method: "PATCH", path, contentType: "application/apply-patch+yaml", body });
}

/** A line for each step. */
export function appSetTable({ apps, created, oneAdded, template, restart }: AppSetRun): string {
  const row = (title: string, { seconds, cpuSeconds, requests, changed }: SetStep) => [
    title,
    seconds.toFixed(1),
    cpuSeconds.toFixed(2),
    String(requests),
    String(changed),
  ];
  return `${formatTable(
    [`a set of ${apps} apps`, "s", "CPU s", "requests", "changed apps"],
    [
      row("all apps are created", created),
      row("a commit adds one folder", oneAdded),
      row("a label of the template is changed", template),
      ["restart", "", restart.cpuSeconds.toFixed(2), String(restart.requests), String(restart.writes)],
    ],
  )}\n\npeak memory: ${created.peakRssMb.toFixed(0)} MiB`;
}
