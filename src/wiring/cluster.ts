import { randomBytes } from "node:crypto";
import { GROUP, VERSION } from "../api/group.js";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import { openGate, type WriteGate } from "../base/write-gate.js";
import type { ClusterSettings } from "../config/config.js";
import { loadClusterAccess } from "../kube/auth.js";
import { KubeClient, type RequestObserver } from "../kube/client.js";
import { Discovery } from "../kube/discovery.js";
import { isStatus } from "../kube/errors.js";
import { ensureReady } from "../kube/readiness.js";
import type { ResourceInfo } from "../kube/resource.js";

/** A cluster that we talk to, and what we need to know of it before anything else. */
export interface Cluster {
  /** Its writes pass the gate. */
  readonly client: KubeClient;
  /** For what may be written without leading: the lease, and what has to be there before it. */
  readonly ungated: KubeClient;
  readonly discovery: Discovery;
  /** UID of the kube-system namespace: tells this control cluster from others. */
  readonly instance: string;
  /** Key of our digests of secret things, the same in every process of this installation. */
  readonly digestKey: string;
  /** Whether this process has made that key: no other has ever worked here. */
  readonly firstEver: boolean;
  readonly resources: { readonly repository: ResourceInfo; readonly app: ResourceInfo; readonly change: ResourceInfo };
}

/** Name of the Secret with the digest key, in the operator's namespace. */
const KEY_SECRET = "overseer-gitops-keys";
const TRIES = 60;
const TRY_EVERY_MS = 2_000;

/** Connects, and waits a while for an API server that is not up yet or has not got our definitions yet. */
export async function connectCluster(options: {
  settings: ClusterSettings;
  namespace: string;
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
    const { digestKey, firstEver } = await readDigestKey(ungated, options.namespace);
    const resources = await findOwnKinds(discovery);
    return { client, ungated, discovery, instance, digestKey, firstEver, resources };
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

/** Reads the key, or makes it once; of two processes that make it at the same time the second one reads the first one's. */
async function readDigestKey(client: KubeClient, namespace: string): Promise<Pick<Cluster, "digestKey" | "firstEver">> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const known = await readKey(client, `${path}/${KEY_SECRET}`);
  if (known !== undefined) return { digestKey: known, firstEver: false };
  const firstEver = await ignoring(409, () => makeKey(client, namespace, path));
  const made = await readKey(client, `${path}/${KEY_SECRET}`);
  if (made !== undefined) return { digestKey: made, firstEver };
  throw new OverseerError(`the Secret ${namespace}/${KEY_SECRET} has no key "digest": delete it, and it is made anew`, {
    code: "KEY_SECRET_INVALID",
    reason: "InvalidKeySecret",
    class: "retryable",
  });
}

/** Makes the key, and the namespace if that is missing: an installation has it and gives no right to make one. */
async function makeKey(client: KubeClient, namespace: string, path: string): Promise<void> {
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: KEY_SECRET, labels: { "app.kubernetes.io/part-of": "overseer-gitops" } },
    data: { digest: randomBytes(32).toString("base64") },
  };
  const made = await ignoring(404, () => client.request({ method: "POST", path, body }));
  if (made) return;
  const home = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await ignoring(409, () => client.request({ method: "POST", path: "/api/v1/namespaces", body: home }));
  await client.request({ method: "POST", path, body });
}

async function readKey(client: KubeClient, path: string): Promise<string | undefined> {
  try {
    const { body } = await client.request<{ data?: { digest?: string } }>({ method: "GET", path });
    return body.data?.digest;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Whether the work was done; false where it was refused with this status. */
async function ignoring(statusCode: number, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isStatus(error, statusCode)) throw error;
    return false;
  }
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
