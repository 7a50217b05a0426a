import { rm, rmdir } from "node:fs/promises";
import { type ApiEndpoint, apiRequest } from "./api-client.js";
import { waitUntil } from "./wait-until.js";

/** Node whose kubelet kwok simulates. */
const NODE = {
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name: "kwok-node",
    annotations: { "kwok.x-k8s.io/node": "fake" },
    labels: { "kubernetes.io/hostname": "kwok-node", "kubernetes.io/os": "linux", type: "kwok" },
  },
  status: {
    allocatable: { cpu: "64", memory: "256Gi", pods: "1000" },
    capacity: { cpu: "64", memory: "256Gi", pods: "1000" },
  },
};

/** Default StorageClass, whose volumes the controller manager creates. */
const STORAGE_CLASS = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "kubernetes.io/host-path",
};

/** Directories that the controller manager creates for volumes. */
const VOLUME_FOLDER = /^\/tmp\/hostpath_pv\/[0-9a-f-]{36}$/;

/** Creates the node that kwok manages. */
export async function createNode(api: ApiEndpoint): Promise<void> {
  await create(api, "/api/v1/nodes", NODE);
}

/** Creates the default StorageClass. */
export async function createStorageClass(api: ApiEndpoint): Promise<void> {
  await create(api, "/apis/storage.k8s.io/v1/storageclasses", STORAGE_CLASS);
}

/** Waits until pods can be created in the namespace `default`, which proves that the controller manager works. */
export async function waitForServiceAccount(api: ApiEndpoint, check: () => void): Promise<void> {
  await waitUntil({ what: "the service account `default`", timeoutMs: 30_000 }, async () => {
    check();
    const answer = await apiRequest(api, "GET", "/api/v1/namespaces/default/serviceaccounts/default");
    return answer.status === 200;
  });
}

/** Waits until the node of kwok is ready. */
export async function waitForNode(api: ApiEndpoint, check: () => void): Promise<void> {
  await waitUntil({ what: "the node kwok-node to be ready", timeoutMs: 30_000 }, async () => {
    check();
    const answer = await apiRequest(api, "GET", "/api/v1/nodes/kwok-node");
    const node = JSON.parse(answer.text) as { status?: { conditions?: { type: string; status: string }[] } };
    return node.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
  });
}

/** Removes the empty directories of existing volumes. Ignores an API server that does not respond. */
export async function removeVolumeFolders(api: ApiEndpoint): Promise<void> {
  const answer = await apiRequest(api, "GET", "/api/v1/persistentvolumes").catch(() => undefined);
  if (answer?.status !== 200) return;
  const list = JSON.parse(answer.text) as { items?: { spec?: { hostPath?: { path?: string } } }[] };
  for (const { spec } of list.items ?? []) {
    const path = spec?.hostPath?.path;
    if (path !== undefined && VOLUME_FOLDER.test(path)) await rm(path, { recursive: true, force: true });
  }
  await rmdir("/tmp/hostpath_pv").catch(() => {});
}

async function create(api: ApiEndpoint, path: string, object: unknown): Promise<void> {
  const answer = await apiRequest(api, "POST", path, object);
  if (answer.status !== 201 && answer.status !== 409) {
    throw new Error(`cannot create ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
  }
}
