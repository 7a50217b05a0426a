import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { OverseerApp } from "../src/api/overseer-app.js";
import { OperatorProcess } from "../test/support/operator-process.js";
import { type ControlPlane, startControlPlane } from "../tools/control-plane.js";
import type { GitRepo } from "../tools/git-repository.js";
import { type GitServer, startGitServer } from "../tools/git-server.js";
import { repositoryRoot } from "../tools/repository-root.js";
import { waitUntil } from "../tools/wait-until.js";
import { APPLY, Api, inParallel, type LiveObject, MERGE } from "./api.js";
import type { Scale } from "./options.js";
import { cpuSeconds } from "./process-usage.js";
import { repositoryFiles } from "./workload.js";

/** An app as the API server shows it. */
export type LiveApp = OverseerApp & LiveObject;

/** Namespace of the apps and of their objects. */
export const APPS_NAMESPACE = "bench-apps";
/** Namespace of the objects of the bare client. */
export const BARE_NAMESPACE = "bench-bare";
/** Name of the one GitRepository. */
export const REPOSITORY = "fleet";

const CUSTOM = "/apis/gitops.overseer.io/v1alpha1";
const API_VERSION = "gitops.overseer.io/v1alpha1";

/** Path of a collection of our own kinds in the namespace of the apps. */
export function customPath(plural: "changes" | "gitrepositories" | "overseerapps"): string {
  return `${CUSTOM}/namespaces/${APPS_NAMESPACE}/${plural}`;
}

/** Path of the ConfigMaps of a namespace. */
export function configMapsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

/** Path of the Deployments of a namespace. */
export function deploymentsPath(namespace: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments`;
}

/** Where an app comes from and goes. */
export interface AppTarget {
  readonly repository?: string;
  readonly destination?: object;
}

/** What every measurement needs, all of it real: API server and etcd of its own, Git server, and operators as users run them. */
export class Environment {
  readonly scale: Scale;
  readonly api: Api;
  readonly repo: GitRepo;
  readonly controlPlane: ControlPlane;
  /** Path of the collection of the apps' objects. */
  readonly objectsPath: string;
  readonly #git: GitServer;
  readonly #profile: string | undefined;
  readonly #operators = new Set<OperatorProcess>();

  private constructor(parts: {
    scale: Scale;
    profile: string | undefined;
    controlPlane: ControlPlane;
    git: GitServer;
    api: Api;
    repo: GitRepo;
    objectsPath: string;
  }) {
    this.objectsPath = parts.objectsPath;
    this.scale = parts.scale;
    this.controlPlane = parts.controlPlane;
    this.api = parts.api;
    this.repo = parts.repo;
    this.#git = parts.git;
    this.#profile = parts.profile;
  }

  /**
   * Starts servers, installs the definitions and fills the repository: with ConfigMaps unless told otherwise. With `workloads`, each app
   * has one Deployment instead, which real controllers and a simulated node make healthy. The flags are added to those of the API server.
   */
  static async create(
    scale: Scale,
    profile: string | undefined,
    files: Readonly<Record<string, string>> = repositoryFiles(scale.apps, scale.objectsPerApp),
    workloads = false,
    extraApiServerArgs: readonly string[] = [],
  ): Promise<Environment> {
    const controlPlane = await startControlPlane({ controllerManager: workloads, extraApiServerArgs });
    const git = await startGitServer();
    const api = new Api(controlPlane);
    await installDefinitions(api);
    for (const name of [APPS_NAMESPACE, BARE_NAMESPACE]) {
      const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      await api.call({ method: "POST", path: "/api/v1/namespaces", body });
    }
    const repo = await git.createRepository(REPOSITORY);
    await repo.commit(files, "The fleet");
    const objectsPath = workloads ? deploymentsPath(APPS_NAMESPACE) : configMapsPath(APPS_NAMESPACE);
    return new Environment({ scale, profile, controlPlane, git, api, repo, objectsPath });
  }

  /** Starts an operator as users do. `name` names its CPU profile, where one is taken. */
  async startOperator(
    name: string,
    flags: readonly string[] = [],
    trustedNamespaces: readonly string[] = [APPS_NAMESPACE],
  ): Promise<OperatorProcess> {
    const operator = await OperatorProcess.start({
      kubeconfigPath: this.controlPlane.kubeconfigPath,
      trustedNamespaces,
      flags,
      nodeFlags: this.#profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${join(this.#profile, name)}`],
    });
    this.#operators.add(operator);
    return operator;
  }

  async stopOperator(operator: OperatorProcess): Promise<void> {
    this.#operators.delete(operator);
    await operator.remove();
  }

  /** Makes a GitRepository: that of all apps unless another one is named. */
  async createRepository(name = REPOSITORY, url = this.repo.url): Promise<void> {
    await this.api.call({
      method: "POST",
      path: customPath("gitrepositories"),
      body: {
        apiVersion: API_VERSION,
        kind: "GitRepository",
        metadata: { name, namespace: APPS_NAMESPACE },
        spec: { url, ref: { branch: "main" }, interval: "1h" },
      },
    });
  }

  /** Makes an app that takes a folder of a repository to this cluster, or to where it is told. */
  async createApp(name: string, path: string, { repository = REPOSITORY, destination }: AppTarget = {}): Promise<void> {
    await this.api.call({
      method: "POST",
      path: customPath("overseerapps"),
      body: {
        apiVersion: API_VERSION,
        kind: "OverseerApp",
        metadata: { name, namespace: APPS_NAMESPACE },
        spec: { source: { repositoryRef: { name: repository }, path }, destination: destination ?? { kubernetes: {} } },
      },
    });
  }

  /** Asks for an app or repository to be looked at now, as a webhook would. Gives the token that its status will echo. */
  async poke(plural: "gitrepositories" | "overseerapps", name: string): Promise<string> {
    const token = randomBytes(6).toString("hex");
    await this.api.call({
      method: "PATCH",
      path: `${customPath(plural)}/${name}?fieldManager=bench`,
      contentType: MERGE,
      body: { metadata: { annotations: { "gitops.overseer.io/reconcile-at": token } } },
    });
    return token;
  }

  /** One app. */
  async app(name: string): Promise<LiveApp> {
    return this.api.call<LiveApp>({ method: "GET", path: `${customPath("overseerapps")}/${name}` });
  }

  /** All apps. */
  async apps(): Promise<LiveApp[]> {
    return (await this.api.call<{ items: LiveApp[] }>({ method: "GET", path: customPath("overseerapps") })).items;
  }

  /** How many ConfigMaps the namespace of the apps holds: one object is read, the others are only counted. */
  async countConfigMaps(): Promise<number> {
    const path = `${configMapsPath(APPS_NAMESPACE)}?limit=1`;
    const { items, metadata } = await this.api.call<ConfigMapPage>({ method: "GET", path });
    return items.length + (metadata.remainingItemCount ?? 0);
  }

  /** The version of each object of the apps, and of each custom resource. */
  async versions(): Promise<ReadonlyMap<string, string>> {
    const plurals = ["changes", "gitrepositories", "overseerapps"] as const;
    const paths = [this.objectsPath, ...plurals.map((plural) => customPath(plural))];
    const versions = new Map<string, string>();
    for (const path of paths) {
      const { items } = await this.api.call<{ items: LiveObject[] }>({ method: "GET", path });
      for (const { metadata } of items) versions.set(`${path} ${metadata.name}`, metadata.resourceVersion);
    }
    return versions;
  }

  /** Removes all custom resources and their objects, while no operator runs. */
  async clearApps(): Promise<void> {
    await inParallel(await this.apps(), 8, ({ metadata }) =>
      this.api.call({
        method: "PATCH",
        path: `${customPath("overseerapps")}/${metadata.name}`,
        contentType: MERGE,
        body: { metadata: { finalizers: null } },
      }),
    );
    for (const plural of ["overseerapps", "gitrepositories", "changes"] as const)
      await this.api.call({ method: "DELETE", path: customPath(plural) });
    const events = `/apis/events.k8s.io/v1/namespaces/${APPS_NAMESPACE}/events`;
    await this.api.call({ method: "DELETE", path: events });
    await this.clearConfigMaps(APPS_NAMESPACE);
  }

  /** Removes all ConfigMaps of a namespace. */
  async clearConfigMaps(namespace: string): Promise<void> {
    await this.api.call({ method: "DELETE", path: configMapsPath(namespace) });
  }

  /** CPU seconds of the API server and etcd so far. */
  serverCpuSeconds(): number {
    const { "kube-apiserver": api = 0, etcd = 0 } = this.controlPlane.pids;
    return cpuSeconds(api) + cpuSeconds(etcd);
  }

  /** CPU seconds of the controller manager, the scheduler and the simulated node so far; 0 without them. */
  controllersCpuSeconds(): number {
    const names = ["kube-controller-manager", "kube-scheduler", "kwok"];
    const pids = names.flatMap((name) => this.controlPlane.pids[name] ?? []);
    return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  }

  /** Ends everything that was started. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#operators].map((operator) => operator.remove()));
    await this.api.close();
    await this.#git.stop();
    await this.controlPlane.stop();
  }
}

/** Applies our definitions as a user would, and waits until they are served. */
async function installDefinitions(api: Api): Promise<void> {
  const folder = join(repositoryRoot(), "crds");
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".yaml"))) {
    for (const body of loadAll(await readFile(join(folder, file), "utf8")) as LiveObject[]) {
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${body.metadata.name}`;
      await api.call({ method: "PATCH", path: `${path}?fieldManager=bench&force=true`, contentType: APPLY, body });
      await waitUntil({ what: `${body.metadata.name} is served`, timeoutMs: 30_000 }, async () => {
        const { status } = (await api.call({ method: "GET", path })) as { status?: { conditions?: Condition[] } };
        return status?.conditions?.some((one) => one.type === "Established" && one.status === "True");
      });
    }
  }
}

interface ConfigMapPage {
  readonly items: readonly LiveObject[];
  readonly metadata: { readonly remainingItemCount?: number };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** Whether an app says that it is as Git says and well. */
export function isReady(app: LiveApp): boolean {
  return (
    app.status?.observedGeneration === app.metadata.generation &&
    app.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true
  );
}
