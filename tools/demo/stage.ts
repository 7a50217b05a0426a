import { cp, mkdir, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { API_VERSION } from "../../src/api/group.js";
import { ensureCommandLineBinaries } from "../binaries.js";
import { type DemoCluster, resolveDemoCluster } from "../demo-cluster.js";
import { type GitRepo, gitEnvironment } from "../git-repository.js";
import { startGitServer } from "../git-server.js";
import { tryKernelLock } from "../kernel-lock.js";
import { operatorCommand } from "../operator-command.js";
import { reservePort } from "../ports.js";
import { makeGuardedFolder, type ProcessGuard } from "../process-guard.js";
import { type LoggedProcess, spawnLogged } from "../processes.js";
import { repositoryRoot } from "../repository-root.js";
import { runCommand } from "../run-command.js";
import { FatalWaitError, waitUntil } from "../wait-until.js";
import { forgetCoreApps } from "./core-apps.js";
import { DemoKube } from "./kube.js";
import { appRef } from "./look.js";
import {
  API_ACCOUNT,
  APP,
  CLOUD_NAMESPACE,
  COMPOSE_APP,
  DEMO_NAMESPACE,
  RENDERED_APPS,
  REPOSITORY,
  readSample,
} from "./sample.js";
import type { Screen } from "./screen.js";

/** Environment of the demo. */
export interface Stage {
  readonly cluster: DemoCluster;
  readonly kube: DemoKube;
  readonly repo: GitRepo;
  /** Clone of the repository, for commits and pushes. */
  readonly clone: string;
  readonly operator: LoggedProcess;
  readonly operatorUrl: string;
  /** Programs whose exit ends the demo, the operator first. */
  readonly processes: LoggedProcess[];
  /** Data directory of the programs, removed at the end. */
  readonly work: string;
  /** Stops programs when this process exits. */
  readonly guard: ProcessGuard;
  /** Aborted when the demo is stopped. */
  readonly signal: AbortSignal;
}

/** Registers a cleanup function; they run last first. */
export type Cleanup = (undo: () => Promise<unknown>) => void;

/** Starts the cluster, the Git server with the sample repository, and the operator. Adds a cleanup function for each. */
export async function setStage(
  screen: Screen,
  sample: string,
  addCleanup: Cleanup,
  signal: AbortSignal,
): Promise<Stage> {
  // This guard also stops the operator when this process exits; the control plane has its own guard.
  const { path: work, guard, remove } = await makeGuardedFolder("overseer-demo-");
  addCleanup(remove);
  const cluster = await screen.timed(
    (one) =>
      one.logFolder ? "Kubernetes: etcd, API server, controllers, kwok" : "existing cluster of DEMO_KUBECONFIG",
    async () => {
      const one = await resolveDemoCluster(screen.progress);
      addCleanup(() => one.stop());
      return one;
    },
  );
  const kube = await connect(cluster, addCleanup);
  const { repo, clone } = await screen.timed(
    () => `Git server with ${sample}`,
    () => startGit(sample, work, addCleanup),
  );
  const { operator, url } = await screen.timed(
    () => "operator",
    async () => {
      await kube.installDefinitions();
      return startOperator(cluster, work, guard, addCleanup);
    },
  );
  // Runs before the operator stops, since the operator has to delete its objects.
  if (cluster.logFolder === undefined) {
    addCleanup(() => clear(screen, kube));
    await removeApps(kube);
    await forgetCoreApps(kube);
  }
  const processes = [operator];
  return { cluster, kube, repo, clone, operator, operatorUrl: url, processes, work, guard, signal };
}

async function connect(cluster: DemoCluster, addCleanup: Cleanup): Promise<DemoKube> {
  const kube = await DemoKube.connect(cluster.kubeconfigPath);
  addCleanup(() => kube.close());
  const lock = await tryKernelLock(`demo on ${kube.server}`);
  if (lock === undefined) throw new Error(`another demo is running on ${kube.server}: stop it first`);
  addCleanup(() => lock.release());
  await kube.untilGone(NAMESPACE, { unless: ({ metadata }) => metadata.deletionTimestamp === undefined });
  await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: DEMO_NAMESPACE } });
  return kube;
}

const NAMESPACE = { apiVersion: "v1", kind: "Namespace", name: DEMO_NAMESPACE };

async function startGit(sample: string, work: string, addCleanup: Cleanup): Promise<{ repo: GitRepo; clone: string }> {
  const server = await startGitServer({ root: join(work, "git") });
  addCleanup(() => server.stop());
  const repo = await server.createRepository(REPOSITORY);
  await repo.commit(await readSample(resolve(repositoryRoot(), sample)), "The shop opens");
  const clone = join(work, "clone");
  await runCommand("git", ["clone", "--quiet", repo.url, clone], { env: gitEnvironment() });
  return { repo, clone };
}

/** Lets the role api ask the operator for what only the leader knows, such as the nodes of the Core and the audit trail. */
const LEADER = {
  "leader-election": "true",
  "internal-address": "127.0.0.1:0",
  "internal-callers": `${DEMO_NAMESPACE}/${API_ACCOUNT}`,
};

async function startOperator(
  cluster: DemoCluster,
  work: string,
  guard: ProcessGuard,
  addCleanup: Cleanup,
): Promise<{ operator: LoggedProcess; url: string }> {
  const { port, release } = await reservePort();
  const { kubectl, helm } = await ensureCommandLineBinaries();
  addCleanup(release);
  const flags = {
    kubeconfig: cluster.kubeconfigPath,
    "metrics-address": `127.0.0.1:${port}`,
    "cache-dir": join(work, "cache"),
    "trusted-namespaces": DEMO_NAMESPACE,
    kubectl,
    helm,
    // In the user's own cluster, the Lease would stay.
    ...(cluster.tokenOf === undefined ? {} : LEADER),
  };
  const [command, args] = operatorCommand(Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
  const operator = await spawnLogged("the operator", command, args, { logFile: join(work, "operator.log"), guard });
  addCleanup(() => operator.stop());
  const url = `http://127.0.0.1:${port}`;
  await waitUntil({ what: "the operator is ready", timeoutMs: 60_000 }, async () => {
    if (operator.ended() !== undefined)
      throw new FatalWaitError(`the operator ended with ${operator.ended()}:\n${operator.tail()}`);
    return (await fetch(`${url}/readyz`)).status === 200;
  });
  return { operator, url };
}

/** Removes the objects of the demo from an existing cluster, except the CRDs, which may be in use. */
async function clear(screen: Screen, kube: DemoKube): Promise<void> {
  screen.line("removing the objects of the demo from your cluster, except the CRDs of gitops.overseer.io");
  await removeApps(kube);
  await kube.delete({ apiVersion: API_VERSION, kind: "GitRepository", namespace: DEMO_NAMESPACE, name: REPOSITORY });
  for (const namespace of [NAMESPACE, { ...NAMESPACE, name: CLOUD_NAMESPACE }]) {
    await kube.delete(namespace);
    await kube.untilGone(namespace);
  }
}

/** Deletes the apps and waits for the operator. At startup, apps of a killed demo may exist. */
async function removeApps(kube: DemoKube): Promise<void> {
  // The Namespace of the others belongs to the app, which goes last.
  for (const name of [COMPOSE_APP, ...RENDERED_APPS, APP]) {
    await kube.delete(appRef(name));
    await kube.untilGone(appRef(name));
  }
}

/** Copies the logs of a failed demo out of its temporary directories. Returns their new directory. */
export async function keepLogs(stage: Pick<Stage, "processes" | "cluster">): Promise<string> {
  const folder = join(repositoryRoot(), "build", `demo-logs-${process.pid}`);
  await mkdir(folder, { recursive: true });
  for (const { logFile } of stage.processes) await cp(logFile, join(folder, basename(logFile)));
  const { logFolder } = stage.cluster;
  if (logFolder === undefined) return folder;
  for (const name of await readdir(logFolder)) {
    if (name.endsWith(".log")) await cp(join(logFolder, name), join(folder, name));
  }
  return folder;
}
