import { isRecord } from "../../../manifest/shape.js";
import type { Mapping } from "../../overseer/compose/shape.js";
import type { Reporter } from "../../overseer/reporter.js";
import { warn } from "../findings.js";
import type { KeySupport, KeyTable } from "./key-support.js";

/** A table of keys as a tree. */
interface KeyNode {
  readonly support?: KeySupport | undefined;
  readonly children: ReadonlyMap<string, KeyNode>;
}

/** Arranges tables of keys as a tree, so that a value is reported in one walk. */
export function keyTree(...tables: readonly KeyTable[]): KeyNode {
  const rows = tables
    .flatMap((table) => Object.entries(table))
    .map(([key, support]) => [key.split("."), support] as const);
  return nodeOf(rows);
}

function nodeOf(rows: readonly (readonly [readonly string[], KeySupport])[]): KeyNode {
  const own = rows.find(([path]) => path.length === 0)?.[1];
  const names = new Set(rows.flatMap(([[name]]) => name ?? []));
  const children = [...names].map((name): [string, KeyNode] => {
    const below = rows.filter(([[first]]) => first === name);
    return [name, nodeOf(below.map(([path, support]) => [path.slice(1), support]))];
  });
  return { support: own, children: new Map(children) };
}

/** Reports each key of a value that is not mapped, by the table. A key that is null or false has no effect and is not reported. */
export function reportKeys(value: Mapping, node: KeyNode, report: Reporter): void {
  for (const [key, child] of Object.entries(value)) {
    const next = node.children.get(key) ?? node.children.get("*");
    if (next !== undefined) reportValue(child, next, report.at(key));
  }
}

function reportValue(value: unknown, node: KeyNode, report: Reporter): void {
  if (value === null || value === undefined || value === false) return;
  const { support, children } = node;
  if (support?.support === "refused") report.problem(support.effect);
  else if (support?.support === "warning") warn(report, support.effect);
  else if (support?.support === "note") report.note(support.effect);
  if (children.size === 0) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) if (isRecord(item)) reportKeys(item, node, report.at(index));
  } else if (isRecord(value)) reportKeys(value, node, report);
}
