import { GROUP, VERSION } from "../api/group.js";
import { unlessAborted } from "../base/abort.js";
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
import type { GroupVersionKind } from "../manifest/object-id.js";
import { isFirstEver } from "./digest-key.js";
import { CACHE_NAMES, CACHED_KINDS, type CacheName } from "./resource-caches.js";

/** A connected cluster and its basic properties. */
export interface Cluster {
  /** Client whose writes pass the write gate. */
  readonly client: KubeClient;
  /** Client for writes that need no leadership: the lease and its prerequisites. */
  readonly ungated: KubeClient;
  readonly discovery: Discovery;
  /** UID of the kube-system namespace, which identifies this cluster. */
  readonly instance: string;
  /** Whether no process has ever been the leader in this cluster. */
  readonly firstEver: boolean;
  /** The kinds that the operator caches, by the name of their cache, and the channels of notifications. */
  readonly resources: Readonly<Record<CacheName | "channels", ResourceInfo>>;
}

/** A cluster in which this process is the leader. */
export interface LedCluster extends Cluster {
  /** Key for digests of secret data, shared by all processes of this installation. */
  readonly digestKey: string;
}

const MAX_ATTEMPTS = 60;
const RETRY_DELAY_MS = 2_000;

/** Connects to the cluster. Waits up to two minutes for the API server and the CustomResourceDefinitions. */
export async function connectCluster(options: {
  settings: ClusterSettings;
  namespace: string;
  /** Name of the leader election lease; undefined without leader election. */
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
    const resources = await findKinds(discovery);
    return { client, ungated, discovery, instance, firstEver, resources };
  });
}

/** Retries an attempt for up to two minutes while the cluster is not ready. Throws when `signal` is aborted, also during an attempt. */
export async function onceReady<T>(
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
  run: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unlessAborted(run(), signal);
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || signal.aborted) throw error;
      logger.warn("the cluster is not ready, retrying", { error: messageOf(error), retryInMs: RETRY_DELAY_MS });
      await pause(clock, RETRY_DELAY_MS, signal);
    }
  }
}

/** Waits for `ms` milliseconds or until `signal` is aborted. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => {}, ms);
    const done = (): void => {
      clearInterval(keepAlive);
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

async function findKinds(discovery: Discovery): Promise<Cluster["resources"]> {
  discovery.invalidate();
  const found: Partial<Record<CacheName, ResourceInfo>> = {};
  for (const name of CACHE_NAMES) found[name] = await findKind(discovery, CACHED_KINDS[name].kind);
  return {
    ...(found as Record<CacheName, ResourceInfo>),
    channels: await findOwnKind(discovery, "NotificationChannel"),
  };
}

/** Finds a kind of the operator's API group. Throws a retryable OverseerError if its definition is not installed. */
export function findOwnKind(discovery: Discovery, kind: string): Promise<ResourceInfo> {
  return findKind(discovery, { group: GROUP, version: VERSION, kind });
}

async function findKind(discovery: Discovery, kind: GroupVersionKind): Promise<ResourceInfo> {
  const resource = await discovery.find(kind);
  if (resource) return resource;
  throw new OverseerError(
    `the cluster has no kind ${kind.kind} in ${kind.group}: install the CustomResourceDefinitions in crds/`,
    {
      code: "CRDS_MISSING",
      reason: "DefinitionsMissing",
      class: "retryable",
    },
  );
}
