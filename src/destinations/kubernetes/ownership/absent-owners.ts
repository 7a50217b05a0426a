import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import { isRecord } from "../../../manifest/shape.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";

/** An owner that a document names in `metadata.ownerReferences`. */
interface OwnerReference {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Explains why the garbage collector would delete an object right after its creation: none of its owners exists, as in a file
 * from `kubectl get -o yaml`. Undefined if an owner exists or cannot be looked up.
 */
export async function withoutOwner(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  { id, object }: Document,
): Promise<string | undefined> {
  const owners = ownersOf(object);
  if (owners.length === 0) return undefined;
  for (const owner of owners) {
    const kind = await context.discovery.find(owner);
    // The garbage collector ignores namespaced owners of cluster-scoped objects.
    if (!kind || (kind.namespaced && !resource.namespaced)) return undefined;
    if ((await isThere(context, target, kind, owner, id.namespace)) !== false) return undefined;
  }
  const names = owners.map(({ kind, name, uid }) => `${kind} ${name} (uid ${uid})`).join(", ");
  const what = owners.length === 1 ? "the owner" : "none of the owners";
  const verb = owners.length === 1 ? "does not exist" : "exists";
  return `${what} ${names} in metadata.ownerReferences ${verb}, so the garbage collector would delete the object immediately: remove metadata.ownerReferences from the file`;
}

function ownersOf({ metadata }: Document["object"]): OwnerReference[] {
  const references = isRecord(metadata) && Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
  return references.flatMap((reference: unknown) => {
    if (!isRecord(reference)) return [];
    const [apiVersion = "", kind, name, uid] = ["apiVersion", "kind", "name", "uid"].map((field) =>
      typeof reference[field] === "string" ? reference[field] : undefined,
    );
    if (kind === undefined || name === undefined || uid === undefined) return [];
    const slash = apiVersion.indexOf("/");
    return [{ group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1), kind, name, uid }];
  });
}

/** Whether an object with this UID exists; undefined if the app may not read it. */
async function isThere(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  { name, uid }: OwnerReference,
  namespace: string,
): Promise<boolean | undefined> {
  try {
    const { body } = await context.client.request<RawObject>({
      method: "GET",
      path: objectPath(resource, resource.namespaced ? namespace : "", name),
      accept: PARTIAL_OBJECT,
      impersonate: writer(context, target),
    });
    return body.metadata.uid === uid;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}
