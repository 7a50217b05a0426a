import type { RawObject } from "../../../kube/object.js";
import { describeOwner, type OwnerObject, type OwnerRef } from "../../../migration/take-over/owner.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { LiveApp } from "../../connection/live.js";

/** Label of Secrets that were those of a Helm release. */
export const FORMER_RELEASE = "gitops.overseer.io/former-release";

/**
 * Hides the Secrets of the Helm release of a HelmRelease from Helm, by their labels: a later `helm uninstall` would delete the objects,
 * even though they belong to the app now. Nothing is deleted. Returns how many there were.
 */
export async function hideRelease(
  cluster: Cluster,
  owner: OwnerRef,
  saved: OwnerObject,
  app: LiveApp,
): Promise<number> {
  if (owner.kind !== "HelmRelease") return 0;
  const { storageNamespace } = (saved.spec ?? {}) as { storageNamespace?: string };
  const namespace = storageNamespace ?? owner.namespace;
  const release = app.spec.source.helm?.releaseName ?? app.metadata.name;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  const query = { labelSelector: `owner=helm,name=${release}` };
  const { items } = await cluster.request<{ items: readonly RawObject[] }>({ method: "GET", path, query });
  for (const { metadata } of items)
    await cluster.request({
      method: "PATCH",
      path: `${path}/${encodeURIComponent(metadata.name)}`,
      contentType: "application/merge-patch+json",
      query: { fieldManager: "overseer" },
      body: { metadata: { labels: { owner: null, [FORMER_RELEASE]: release } } },
    });
  return items.length;
}

/** How the Secrets of a former release are deleted, and given back to Helm. */
export function releaseHint(owner: OwnerRef, saved: OwnerObject, count: number): string {
  const { storageNamespace } = (saved.spec ?? {}) as { storageNamespace?: string };
  return `${count} Secrets of the Helm release of ${describeOwner(owner)} are kept in namespace ${storageNamespace ?? owner.namespace} with the label ${FORMER_RELEASE}, unknown to Helm: delete them when you no longer need them`;
}
