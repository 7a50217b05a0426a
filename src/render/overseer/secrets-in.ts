import { isRecord } from "../../manifest/shape.js";

/** `$$` is a dollar sign, so that what follows it is read anew. */
const REFERENCE = /\$\$|\$\{SECRET:([^{}]*)\}/g;

/** Names of the secrets that a finished Compose document refers to, sorted. */
export function secretsIn(value: unknown): string[] {
  const names = new Set<string>();
  const walk = (node: unknown): void => {
    if (typeof node === "string") {
      for (const [, name] of node.matchAll(REFERENCE)) if (name !== undefined) names.add(name);
    } else if (Array.isArray(node)) node.forEach(walk);
    else if (isRecord(node)) Object.values(node).forEach(walk);
  };
  walk(value);
  return [...names].sort();
}
