import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";

/** Matches `$$` first, so that an escaped dollar sign never starts a reference. */
const REFERENCE = /\$\$|\$\{SECRET:([^{}]*)\}/g;

/** Returns the sorted names of the secrets that a rendered Compose document references. */
export function secretsIn(value: unknown): string[] {
  return [...secretPaths(value).keys()].sort();
}

/** Returns the path of the first reference to each secret. */
export function secretPaths(value: unknown): ReadonlyMap<string, FieldPath> {
  const paths = new Map<string, FieldPath>();
  const walk = (node: unknown, path: FieldPath): void => {
    if (typeof node === "string") {
      for (const [, name] of node.matchAll(REFERENCE))
        if (name !== undefined && !paths.has(name)) paths.set(name, path);
    } else if (Array.isArray(node)) node.forEach((item, index) => void walk(item, [...path, index]));
    else if (isRecord(node)) for (const [key, child] of Object.entries(node)) walk(child, [...path, key]);
  };
  walk(value, []);
  return paths;
}
