import type { AppObject, AppObjects } from "../../api/rest/objects.js";
import { parseApiVersion } from "../../manifest/object-id.js";
import type { AppTree, TreeNode } from "../connection/connection.js";

/** Arranges the objects of an app and their pods, as the server returns them, sorted by kind and name. */
export function treeOfObjects({ items, omitted, hidden = [], unavailable }: AppObjects): AppTree {
  const below = (uid: string): readonly AppObject[] => items.filter(({ parent }) => parent === uid);
  const node = ({ apiVersion, kind, namespace, name, uid, health, message, created }: AppObject): TreeNode => ({
    ...{ kind, group: parseApiVersion(apiVersion).group, name, health },
    ...(namespace === undefined ? {} : { namespace }),
    ...(message === undefined ? {} : { message }),
    ...(created === undefined ? {} : { created }),
    children: sorted(below(uid).map(node)),
  });
  const gaps = [
    ...hidden.map((kind) => `${kind}: you may not list this kind`),
    ...(omitted === true ? ["there are more objects than the server returns"] : []),
    ...(unavailable === undefined ? [] : [unavailable]),
  ];
  return { nodes: sorted(items.filter(({ parent }) => parent === undefined).map(node)), gaps };
}

function sorted(nodes: readonly TreeNode[]): readonly TreeNode[] {
  const key = ({ kind, namespace = "", name }: TreeNode): string => `${kind}/${namespace}/${name}`;
  return [...nodes].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
