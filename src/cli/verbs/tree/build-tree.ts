import { healthOf } from "../../../destinations/kubernetes/health/rules.js";
import type { AppObject, AppObjects } from "../../cluster/app-objects.js";
import { age } from "../../output/age.js";
import { formatTable } from "../../output/table.js";

/** An object with what controllers made of it. */
export interface TreeNode {
  readonly kind: string;
  readonly group: string;
  readonly namespace?: string;
  readonly name: string;
  readonly health: string;
  readonly message?: string;
  readonly created?: string;
  readonly children: readonly TreeNode[];
}

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

/** Formats a tree as an indented table. */
export function formatTree(root: string, nodes: readonly TreeNode[], now = Date.now()): string {
  const home =
    nodes.length > 0 && nodes.every(({ namespace }) => namespace === nodes[0]?.namespace)
      ? nodes[0]?.namespace
      : undefined;
  const rows: string[][] = [];
  const add = (list: readonly TreeNode[], indent: string): void => {
    for (const [index, { kind, namespace, name, health, message, created, children }] of list.entries()) {
      const isLast = index === list.length - 1;
      const place = namespace === undefined || namespace === home ? "" : `${namespace}/`;
      rows.push([
        `${indent}${isLast ? "└─" : "├─"}${kind} ${place}${name}`,
        health,
        age(created, now) ?? "",
        message ?? "",
      ]);
      add(children, `${indent}${isLast ? "  " : "│ "}`);
    }
  };
  add(nodes, "");
  return formatTable(["Object", "Health", "Age", "Message"], [[root, "", "", ""], ...rows]);
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
