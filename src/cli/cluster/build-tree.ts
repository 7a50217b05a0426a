import { healthOf } from "../../destinations/kubernetes/health/rules.js";
import type { TreeNode } from "../connection/connection.js";
import type { AppObject, AppObjects } from "./app-objects.js";

/** Arranges objects by their owners: those that the app manages at the top, sorted by kind and name. */
export function buildTree({ managed, made }: Pick<AppObjects, "managed" | "made">): readonly TreeNode[] {
  const children = new Map<string, AppObject[]>();
  for (const one of made) {
    const owner = one.object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (owner !== undefined) children.set(owner, [...(children.get(owner) ?? []), one]);
  }
  const known = new Set(managed.map(({ object }) => object.metadata.uid));
  const node = ({ kind, object }: AppObject, above: ReadonlySet<string>): TreeNode => {
    const { uid, name, namespace, creationTimestamp } = object.metadata;
    const { status, message } = healthOf(object, kind);
    // Owners that form a circle end here.
    const below = above.has(uid)
      ? []
      : (children.get(uid) ?? []).filter((child) => !known.has(child.object.metadata.uid));
    const shown = below.filter(({ object: child }) => !isEmptyReplicaSet(child));
    return {
      kind: kind.kind,
      group: kind.group,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      health: object.metadata.deletionTimestamp === undefined ? status : "Terminating",
      ...(message === undefined ? {} : { message }),
      ...(creationTimestamp === undefined ? {} : { created: creationTimestamp }),
      children: sorted(shown.map((child) => node(child, new Set([...above, uid])))),
    };
  };
  return sorted(managed.map((one) => node(one, new Set())));
}

function sorted(nodes: readonly TreeNode[]): readonly TreeNode[] {
  const key = ({ kind, namespace = "", name }: TreeNode): string => `${kind}/${namespace}/${name}`;
  return [...nodes].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Deployments keep ReplicaSets of earlier revisions. */
function isEmptyReplicaSet({ metadata, ...object }: AppObject["object"]): boolean {
  const isReplicaSet = metadata.ownerReferences?.some(({ kind }) => kind === "Deployment") ?? false;
  return isReplicaSet && (object.spec as { replicas?: number } | undefined)?.replicas === 0;
}
