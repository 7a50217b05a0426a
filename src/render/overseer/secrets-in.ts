import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";

/** Matches `$$` first, so that an escaped dollar sign never starts a reference. */
const REFERENCE = /\$\$|\$\{SECRET:([^{}]*)\}/g;

/** Returns the path of the first reference to each secret. */
export function secretPaths(value: unknown): ReadonlyMap<string, FieldPath> {
  const paths = new Map<string, FieldPath>();
  const path: (string | number)[] = [];
  const walk = (node: unknown): void => {
    if (typeof node === "string") {
      if (!node.includes("$")) return;
      for (const [, name] of node.matchAll(REFERENCE))
        if (name !== undefined && !paths.has(name)) paths.set(name, [...path]);
      return;
    }
    if (!Array.isArray(node) && !isRecord(node)) return;
    for (const [step, child] of Array.isArray(node) ? node.entries() : Object.entries(node)) {
      path.push(step);
      walk(child);
      path.pop();
    }
  };
  walk(value);
  return paths;
}
