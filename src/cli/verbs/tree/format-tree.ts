import type { TreeNode } from "../../connection/connection.js";
import { age } from "../../output/age.js";
import { formatTable } from "../../output/table.js";

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
