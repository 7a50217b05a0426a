import { GROUP, VERSION } from "../api/group.js";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import { openGate, type WriteGate } from "../base/write-gate.js";
import type { ClusterSettings } from "../config/config.js";
import { loadClusterAccess } from "../kube/client/auth.js";
import { KubeClient, type RequestObserver } from "../kube/client/kube-client.js";
import { ensureReady } from "../kube/client/readiness.js";
import { Discovery } from "../kube/discovery.js";
import type { ResourceInfo } from "../kube/resource.js";
import { isFirstEver } from "./digest-key.js";

/** A cluster that we talk to, and what we need to know of it before anything else. */
export interface Cluster {
  /** Its writes pass the gate. */
  readonly client: KubeClient;
  /** For what may be written without leading: the lease, and what has to be there before it. */
  readonly ungated: KubeClient;
  readonly discovery: Discovery;
  /** UID of the kube-system namespace: tells this control cluster from others. */
  readonly instance: string;
  /** Whether no other process has ever led here. */
  readonly firstEver: boolean;
  readonly resources: { readonly repository: ResourceInfo; readonly app: ResourceInfo; readonly change: ResourceInfo };
}

/** A cluster that this process may write to, since it leads. */
export interface LedCluster extends Cluster {
  /** Key of our digests of secret things, the same in every process of this installation. */
  readonly digestKey: string;
}

const TRIES = 60;
const TRY_EVERY_MS = 2_000;

/** Connects, and waits a while for an API server that is not up yet or has not got our definitions yet. */
export async function connectCluster(options: {
  settings: ClusterSettings;
  namespace: string;
  /** The lease of the leader; undefined without leader election. */
  leaseName: string | undefined;
  version: string;
  clock: Clock;
  logger: Logger;
  onRequest: RequestObserver;
  signal: AbortSignal;
  gate: WriteGate;
}): Promise<Cluster> {
  const access = await loadClusterAccess(options.settings);
  const shared = { access, userAgent: `overseer-gitops/${options.version}`, onRequest: options.onRequest };
  const client = new KubeClient({ ...shared, gate: options.gate });
  const ungated = options.gate === openGate ? client : new KubeClient({ ...shared, connections: 2 });
  const discovery = new Discovery(client, options.clock);
  return onceReady(options, async () => {
    await ensureReady(ungated);
    const instance = await readInstance(ungated);
    const firstEver = await isFirstEver(ungated, options);
    const resources = await findOwnKinds(discovery);
    return { client, ungated, discovery, instance, firstEver, resources };
  });
}

/** Tries again and again, for some minutes at most, since a cluster may not be ready for us yet. */
export async function onceReady<T>(
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
  attemptIt: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptIt();
    } catch (error) {
      if (attempt >= TRIES || signal.aborted) throw error;
      logger.warn("the cluster is not ready for us", { error: messageOf(error), retryInMs: TRY_EVERY_MS });
      await pause(clock, TRY_EVERY_MS, signal);
    }
  }
}

/** Waits, but not once we are told to stop. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const hold = setInterval(() => {}, ms);
    const done = (): void => {
      clearInterval(hold);
      resolve();
    };
    clock.after(ms, done);
    signal.addEventListener("abort", done, { once: true });
  });
}

async function readInstance(client: KubeClient): Promise<string> {
  const { body } = await client.request<{ metadata: { uid: string } }>({
    method: "GET",
    path: "/api/v1/namespaces/kube-system",
  });
  return body.metadata.uid;
}

async function findOwnKinds(discovery: Discovery): Promise<Cluster["resources"]> {
  discovery.invalidate();
  const find = (kind: string): Promise<ResourceInfo> => findOwnKind(discovery, kind);
  return { repository: await find("GitRepository"), app: await find("OverseerApp"), change: await find("Change") };
}

/** A kind of ours. Throws a retryable OverseerError when its definition is not there. */
export async function findOwnKind(discovery: Discovery, kind: string): Promise<ResourceInfo> {
  const resource = await discovery.find({ group: GROUP, version: VERSION, kind });
  if (resource) return resource;
  throw new OverseerError(`the cluster has no kind ${kind} of ${GROUP}: apply the definitions in crds/ first`, {
    code: "CRDS_MISSING",
    reason: "DefinitionsMissing",
    class: "retryable",
  });
}
