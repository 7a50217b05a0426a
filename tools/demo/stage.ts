import { cp, mkdir, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { API_VERSION } from "../../src/api/group.js";
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
import { APP, DEMO_NAMESPACE, REPOSITORY, readSample } from "./sample.js";
import type { Screen } from "./screen.js";

/** All that the demo runs on. */
export interface Stage {
  readonly cluster: DemoCluster;
  readonly kube: DemoKube;
  readonly repo: GitRepo;
  /** A clone of the repository, to commit and push from. */
  readonly clone: string;
  readonly operator: LoggedProcess;
  readonly operatorUrl: string;
  /** Programs whose end ends the demo: the operator first. */
  readonly processes: LoggedProcess[];
  /** Folder for what programs keep; it goes at the end. */
  readonly work: string;
  /** Ends programs when this process dies. */
  readonly guard: ProcessGuard;
  /** Aborted when the demo is to end. */
  readonly signal: AbortSignal;
}

/** What is to be undone, last first. */
export type Cleanup = (undo: () => Promise<unknown>) => void;

/** Starts the cluster, the Git server with the sample repository, and the operator. Whatever was started goes to `later`. */
export async function setStage(screen: Screen, sample: string, later: Cleanup, signal: AbortSignal): Promise<Stage> {
  // Its guard ends the operator, too, when this process dies; the control plane has a guard of its own.
  const { path: work, guard, remove } = await makeGuardedFolder("overseer-demo-");
  later(remove);
  const cluster = await screen.timed(
    (one) => (one.logFolder ? "Kubernetes: etcd, API server, controllers, kwok" : "your own cluster"),
    async () => {
      const one = await resolveDemoCluster(screen.progress);
      later(() => one.stop());
      return one;
    },
  );
  const kube = await connect(cluster, later);
  const { repo, clone } = await screen.timed(
    () => `Git server with ${sample}`,
    () => startGit(sample, work, later),
  );
  const { operator, url } = await screen.timed(
    () => "the operator",
    async () => {
      await kube.installDefinitions();
      return startOperator(cluster, work, guard, later);
    },
  );
  // Runs before the operator is ended, which has to deal with what it has made.
  if (cluster.logFolder === undefined) {
    later(() => clear(screen, kube));
    await removeApp(kube);
    await forgetCoreApps(kube);
  }
  const processes = [operator];
  return { cluster, kube, repo, clone, operator, operatorUrl: url, processes, work, guard, signal };
}

async function connect(cluster: DemoCluster, later: Cleanup): Promise<DemoKube> {
  const kube = await DemoKube.connect(cluster.kubeconfigPath);
  later(() => kube.close());
  const lock = await tryKernelLock(`demo on ${kube.server}`);
  if (lock === undefined) throw new Error(`another demo runs on ${kube.server}: end it first`);
  later(() => lock.release());
  await kube.untilGone(NAMESPACE, { unless: ({ metadata }) => metadata.deletionTimestamp === undefined });
  await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: DEMO_NAMESPACE } });
  return kube;
}

const NAMESPACE = { apiVersion: "v1", kind: "Namespace", name: DEMO_NAMESPACE };

async function startGit(sample: string, work: string, later: Cleanup): Promise<{ repo: GitRepo; clone: string }> {
  const server = await startGitServer({ root: join(work, "git") });
  later(() => server.stop());
  const repo = await server.createRepository(REPOSITORY);
  await repo.commit(await readSample(resolve(repositoryRoot(), sample)), "The shop opens");
  const clone = join(work, "clone");
  await runCommand("git", ["clone", "--quiet", repo.url, clone], { env: gitEnvironment() });
  return { repo, clone };
}

async function startOperator(
  cluster: DemoCluster,
  work: string,
  guard: ProcessGuard,
  later: Cleanup,
): Promise<{ operator: LoggedProcess; url: string }> {
  const { port, release } = await reservePort();
  later(release);
  const flags = {
    kubeconfig: cluster.kubeconfigPath,
    "metrics-address": `127.0.0.1:${port}`,
    "cache-dir": join(work, "cache"),
    "trusted-namespaces": DEMO_NAMESPACE,
  };
  const [command, args] = operatorCommand(Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
  const operator = await spawnLogged("the operator", command, args, { logFile: join(work, "operator.log"), guard });
  later(() => operator.stop());
  const url = `http://127.0.0.1:${port}`;
  await waitUntil({ what: "the operator is ready", timeoutMs: 60_000 }, async () => {
    if (operator.ended() !== undefined)
      throw new FatalWaitError(`the operator ended with ${operator.ended()}:\n${operator.tail()}`);
    return (await fetch(`${url}/readyz`)).status === 200;
  });
  return { operator, url };
}

/** Takes what the demo made out of a cluster that stays. The definitions stay, too: others may use them by now. */
async function clear(screen: Screen, kube: DemoKube): Promise<void> {
  screen.line("removing what the demo made from your cluster; the definitions of gitops.overseer.io stay");
  await removeApp(kube);
  await kube.delete({ apiVersion: API_VERSION, kind: "GitRepository", namespace: DEMO_NAMESPACE, name: REPOSITORY });
  await kube.delete(NAMESPACE);
  await kube.untilGone(NAMESPACE);
}

/** Removes the app, with the operator's help. One is there at the start when a former demo was killed. */
async function removeApp(kube: DemoKube): Promise<void> {
  await kube.delete(appRef(APP));
  await kube.untilGone(appRef(APP));
}

/** Saves the logs of a demo that failed from the folders that are about to go. Gives where they are. */
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
