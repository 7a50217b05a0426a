import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ApiEndpoint } from "./api-client.js";
import { type ControlPlaneBinaries, ensureControlPlaneBinaries } from "./binaries.js";
import {
  ADMIN_USER,
  COMPONENT_USERS,
  type ControlPlaneUser,
  type Tokens,
  writeKubeconfig,
  writeServiceAccountKey,
  writeTokenFile,
} from "./control-plane-credentials.js";
import {
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  kwokFlags,
  type Layout,
  layoutFiles,
  schedulerFlags,
} from "./control-plane-flags.js";
import {
  createNode,
  createStorageClass,
  removeVolumeFolders,
  waitForNode,
  waitForServiceAccount,
} from "./control-plane-objects.js";
import { ComponentError, ComponentSet, waitForApiServer } from "./control-plane-process.js";
import type { ControlPlaneState } from "./control-plane-state.js";
import { reservePorts } from "./ports.js";
import { makeGuardedFolder, type ProcessGuard, startProcessGuard } from "./process-guard.js";
import { type Progress, stderrProgress } from "./progress.js";

/** Options of a control plane. */
export interface ControlPlaneOptions {
  /** Working directory, created if missing and kept after the stop. Defaults to a temporary one that is removed. */
  readonly dir?: string;
  /** Controllers for service accounts, Deployments, Jobs, garbage collection, volumes and namespaces. Defaults to true. */
  readonly controllerManager?: boolean;
  /** Without a scheduler pods stay Pending. Defaults to the value for the controller manager. */
  readonly scheduler?: boolean;
  /** Simulated node whose pods become ready. Defaults to the value for the controller manager. */
  readonly kwok?: boolean;
  readonly extraApiServerArgs?: readonly string[];
  /** Users besides the admin, with the permissions that RBAC grants them. */
  readonly users?: readonly ControlPlaneUser[];
  /** Receives progress of long steps. Defaults to stderr. */
  readonly progress?: Progress;
}

/** Snapshots of the stored data, for tests that restore an older state. */
export interface StoreControl {
  /** Takes a snapshot. Restarts the API server and etcd. */
  backUp(): Promise<void>;
  /** Restores the snapshot like a restore of etcd, so that resourceVersions decrease. */
  restore(): Promise<void>;
}

/** Control of the API server, for tests of outages. */
export interface ApiServerControl {
  readonly pid: number | undefined;
  /**
   * Ends it. By SIGTERM it takes no more connections at once, and those with open watches are cut after 2 s; when `kill`
   * is set all are cut at once. Data and port stay.
   */
  stop(options?: { readonly kill?: boolean }): Promise<void>;
  /** Restarts it with the same port and data, and waits until it is ready. */
  start(): Promise<void>;
}

/** A running control plane: etcd, API server and, unless disabled, the components that make pods ready. */
export interface ControlPlane {
  readonly dir: string;
  readonly url: string;
  readonly caPem: string;
  readonly adminToken: string;
  /** By user name. */
  readonly tokens: Tokens;
  /** Of the admin. */
  readonly kubeconfigPath: string;
  readonly kubectlPath: string;
  readonly helmPath: string;
  /** Process ids of running components. */
  readonly pids: Readonly<Record<string, number>>;
  readonly apiServer: ApiServerControl;
  readonly store: StoreControl;
  /** Writes a kubeconfig for a user below `dir` and returns its path. */
  writeKubeconfigFor(user: string): Promise<string>;
  /** State that another process needs to use or stop it. */
  state(): ControlPlaneState;
  /** Lets it outlive this process; `endRecorded` stops it. */
  detach(): Promise<void>;
  /** Stops everything and removes a temporary directory. Idempotent. */
  stop(): Promise<void>;
}

/** Timeout for the API server to become ready; generous for busy machines. */
const READY_TIMEOUT_MS = 90_000;

/**
 * Starts a control plane and returns when it is usable. Several can run at the same time. When this process exits, even by
 * SIGKILL, the components are stopped and the temporary directory is removed. Throws if a program is missing (with the
 * remedy) or a component does not start (with its last log lines); nothing is left running then.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureControlPlaneBinaries(options.progress ?? stderrProgress);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binaries, options);
    } catch (error) {
      // Only a program that does not reserve its ports as we do can take one between our look and the start.
      if (!(error instanceof ComponentError && error.portTaken) || attempt === 3) throw error;
    }
  }
}

async function startOnce(binaries: ControlPlaneBinaries, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dir, guard, leave } = await placeFor(options.dir);
  await mkdir(layoutFiles(dir).certificates, { recursive: true, mode: 0o700 });
  const components = new ComponentSet(dir, guard);
  const reserved = await reservePorts(2);
  const [etcdPort = 0, apiPort = 0] = reserved.ports;
  const layout: Layout = { dir, etcdPort, apiPort };
  let api: ApiEndpoint | undefined;

  const cleanUp = async () => {
    if (api !== undefined && options.controllerManager !== false) await removeVolumeFolders(api);
    await components.stopAll(0);
    await reserved.release();
    await leave();
  };
  try {
    const tokens = await startApiServer(components, binaries, layout, options);
    const endpoint = () => readEndpoint(layout, tokens);
    api = await waitForApiServer(components, endpoint, READY_TIMEOUT_MS);
    await writeKubeconfigs(dir, api, tokens);
    await startControllers(components, binaries, dir, api, options);
    return running({ components, binaries, layout, options, tokens, api, cleanUp, detach: () => guard.release() });
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/** Creates the working directory with its guard and cleanup; a temporary one is removed. */
async function placeFor(
  asked: string | undefined,
): Promise<{ dir: string; guard: ProcessGuard; leave(): Promise<void> }> {
  if (asked === undefined) {
    const { path, guard, remove } = await makeGuardedFolder("overseer-cp-");
    return { dir: path, guard, leave: remove };
  }
  const guard = startProcessGuard(undefined);
  return { dir: resolve(asked), guard, leave: async () => guard.release() };
}

/** Starts etcd and the API server concurrently; the API server waits for etcd. */
async function startApiServer(
  components: ComponentSet,
  binaries: ControlPlaneBinaries,
  layout: Layout,
  options: ControlPlaneOptions,
): Promise<Tokens> {
  const files = layoutFiles(layout.dir);
  await components.start("etcd", binaries.etcd, etcdFlags(layout));
  const users = [ADMIN_USER, ...COMPONENT_USERS, ...(options.users ?? [])];
  const [tokens] = await Promise.all([
    writeTokenFile(files.tokens, users),
    writeServiceAccountKey(files.serviceAccountKey),
  ]);
  await components.start("kube-apiserver", binaries.kubeApiserver, flagsOfApiServer(layout, options));
  return tokens;
}

function flagsOfApiServer(layout: Layout, options: ControlPlaneOptions): readonly string[] {
  return apiServerFlags(layout, options.controllerManager ?? true, options.extraApiServerArgs ?? []);
}

async function readEndpoint(layout: Layout, tokens: Tokens): Promise<ApiEndpoint> {
  const caPem = await readFile(layoutFiles(layout.dir).apiCertificate, "utf8");
  return { url: `https://127.0.0.1:${layout.apiPort}`, caPem, token: tokens[ADMIN_USER.name] ?? "" };
}

async function writeKubeconfigs(dir: string, api: ApiEndpoint, tokens: Tokens): Promise<void> {
  for (const { name } of [ADMIN_USER, ...COMPONENT_USERS]) await writeUserKubeconfig(dir, api, tokens, name);
}

async function writeUserKubeconfig(dir: string, api: ApiEndpoint, tokens: Tokens, user: string): Promise<string> {
  const token = tokens[user];
  if (token === undefined) throw new Error(`unknown user ${user}: add it to \`users\` when starting the control plane`);
  const path = layoutFiles(dir).kubeconfig(user);
  await writeKubeconfig(path, { url: api.url, caPem: api.caPem, user, token });
  return path;
}

/** Concurrently starts the components that make pods ready, and waits until pods can be created and a node is ready. */
async function startControllers(
  components: ComponentSet,
  binaries: ControlPlaneBinaries,
  dir: string,
  api: ApiEndpoint,
  options: ControlPlaneOptions,
): Promise<void> {
  const controllers = options.controllerManager ?? true;
  const kwok = options.kwok ?? controllers;
  if (controllers) {
    await components.start("kube-controller-manager", binaries.kubeControllerManager, controllerManagerFlags(dir));
    await createStorageClass(api);
  }
  if (kwok) {
    await components.start("kwok", binaries.kwok, kwokFlags(dir));
    await createNode(api);
  }
  if (options.scheduler ?? controllers) {
    await components.start("kube-scheduler", binaries.kubeScheduler, schedulerFlags(dir));
  }
  const check = () => components.check();
  await Promise.all([controllers && waitForServiceAccount(api, check), kwok && waitForNode(api, check)]);
}

/** Parts of a started control plane. */
interface Parts {
  readonly components: ComponentSet;
  readonly binaries: ControlPlaneBinaries;
  readonly layout: Layout;
  readonly options: ControlPlaneOptions;
  readonly tokens: Tokens;
  readonly api: ApiEndpoint;
  readonly cleanUp: () => Promise<void>;
  readonly detach: () => void;
}

function running(parts: Parts): ControlPlane {
  const { components, binaries, layout, tokens, api } = parts;
  const { dir } = layout;
  let stopped: Promise<void> | undefined;
  const apiServer = apiServerControl(parts);
  return {
    dir,
    url: api.url,
    caPem: api.caPem,
    adminToken: api.token,
    tokens,
    kubeconfigPath: layoutFiles(dir).kubeconfig(ADMIN_USER.name),
    kubectlPath: binaries.kubectl,
    helmPath: binaries.helm,
    get pids() {
      return Object.fromEntries(Object.entries(components.identities()).map(([name, { pid }]) => [name, pid]));
    },
    apiServer,
    store: storeControl(parts, apiServer),
    writeKubeconfigFor: (user) => writeUserKubeconfig(dir, api, tokens, user),
    state: () => {
      const processes = components.identities();
      return { version: 1, dir, url: api.url, caPem: api.caPem, tokens, binaries, processes };
    },
    detach: async () => parts.detach(),
    stop: () => {
      stopped ??= parts.cleanUp();
      return stopped;
    },
  };
}

function apiServerControl({ components, binaries, layout, options, api }: Parts): ApiServerControl {
  return {
    get pid() {
      return components.identities()["kube-apiserver"]?.pid;
    },
    stop: ({ kill = false } = {}) => components.stop("kube-apiserver", kill ? 0 : 2_000),
    start: async () => {
      await components.start("kube-apiserver", binaries.kubeApiserver, flagsOfApiServer(layout, options));
      await waitForApiServer(components, async () => api, READY_TIMEOUT_MS);
    },
  };
}

function storeControl({ components, binaries, layout }: Parts, apiServer: ApiServerControl): StoreControl {
  const data = join(layout.dir, "etcd");
  const copy = join(layout.dir, "etcd-backup");
  const stopped = async (work: () => Promise<void>): Promise<void> => {
    await apiServer.stop({ kill: true });
    await components.stop("etcd", 10_000);
    await work();
    await components.start("etcd", binaries.etcd, etcdFlags(layout));
    await apiServer.start();
  };
  return {
    backUp: () => stopped(() => cp(data, copy, { recursive: true })),
    restore: () =>
      stopped(async () => {
        await rm(data, { recursive: true });
        await cp(copy, data, { recursive: true });
      }),
  };
}
