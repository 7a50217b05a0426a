import { randomBytes } from "node:crypto";
import { OverseerError } from "../base/errors.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { isStatus } from "../kube/errors.js";

/** Name of the Secret with the digest key, in the operator's namespace. */
const KEY_SECRET = "overseer-gitops-keys";

/**
 * Reads the key of our digests, or makes it. Only for the process that leads; should two make it at the same time all the same,
 * the second one reads the first one's. Throws a retryable OverseerError when the Secret has no key.
 */
export async function ensureDigestKey(client: KubeClient, namespace: string): Promise<string> {
  const known = await readKey(client, namespace);
  if (known !== undefined) return known;
  await makeKey(client, namespace);
  const made = await readKey(client, namespace);
  if (made !== undefined) return made;
  throw new OverseerError(`the Secret ${namespace}/${KEY_SECRET} has no key "digest": delete it, and it is made anew`, {
    code: "KEY_SECRET_INVALID",
    reason: "InvalidKeySecret",
    class: "retryable",
  });
}

/**
 * Whether no process has ever led here, so that nobody has to be waited for: there is neither a lease nor a key, and this process
 * is the one that makes the key. Writes nothing where there is a lease.
 */
export async function isFirstEver(
  client: KubeClient,
  { namespace, leaseName }: { readonly namespace: string; readonly leaseName: string | undefined },
): Promise<boolean> {
  if (leaseName === undefined || (await readKey(client, namespace)) !== undefined) return false;
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${leaseName}`;
  if (await ignoring(404, () => client.request({ method: "GET", path: lease }))) return false;
  return makeKey(client, namespace);
}

/** Makes the key, and the namespace if that is missing: an installation has it and gives no right to make one. Says whether it did. */
async function makeKey(client: KubeClient, namespace: string): Promise<boolean> {
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
    const home = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    await ignoring(409, () => client.request({ method: "POST", path: "/api/v1/namespaces", body: home }));
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
