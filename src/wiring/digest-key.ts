import { randomBytes } from "node:crypto";
import { OverseerError } from "../base/errors.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { isStatus } from "../kube/errors.js";

/** Name of the Secret with the digest key, in the operator's namespace. */
const KEY_SECRET = "overseer-gitops-keys";

/**
 * Reads the digest key, or creates it. Called by the leader; if two processes create it at the same time, both use the
 * first key. Throws a retryable OverseerError if the Secret contains no key.
 */
export async function ensureDigestKey(client: KubeClient, namespace: string): Promise<string> {
  const existing = await readKey(client, namespace);
  if (existing !== undefined) return existing;
  await createKey(client, namespace);
  const created = await readKey(client, namespace);
  if (created !== undefined) return created;
  throw new OverseerError(
    `the Secret ${namespace}/${KEY_SECRET} has no key "digest": delete the Secret to have it re-created`,
    {
      code: "KEY_SECRET_INVALID",
      reason: "InvalidKeySecret",
      class: "retryable",
    },
  );
}

/**
 * Reports whether no process has ever been the leader, so that there is no other process to wait for: neither a lease
 * nor a key exists, and this process creates the key. Writes nothing if a lease exists.
 */
export async function isFirstEver(
  client: KubeClient,
  { namespace, leaseName }: { readonly namespace: string; readonly leaseName: string | undefined },
): Promise<boolean> {
  if (leaseName === undefined || (await readKey(client, namespace)) !== undefined) return false;
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${leaseName}`;
  if (await ignoring(404, () => client.request({ method: "GET", path: lease }))) return false;
  return createKey(client, namespace);
}

/** Creates the key, and the namespace if it is missing, as in development. Returns whether it created the key. */
async function createKey(client: KubeClient, namespace: string): Promise<boolean> {
  const path = secretsPath(namespace);
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: KEY_SECRET, labels: { "app.kubernetes.io/part-of": "overseer-gitops" } },
    data: { digest: randomBytes(32).toString("base64") },
  };
  const create = (): Promise<unknown> => client.request({ method: "POST", path, body });
  return ignoring(409, async () => {
    if (await ignoring(404, create)) return;
    const namespaceBody = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    await ignoring(409, () => client.request({ method: "POST", path: "/api/v1/namespaces", body: namespaceBody }));
    await create();
  });
}

async function readKey(client: KubeClient, namespace: string): Promise<string | undefined> {
  const path = `${secretsPath(namespace)}/${KEY_SECRET}`;
  try {
    const { body } = await client.request<{ data?: { digest?: string } }>({ method: "GET", path });
    return body.data?.digest;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

function secretsPath(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
}

/** Runs `work`; returns false if it fails with this status. */
async function ignoring(statusCode: number, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isStatus(error, statusCode)) throw error;
    return false;
  }
}
