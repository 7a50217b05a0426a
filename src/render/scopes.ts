import type { GroupVersionKind } from "../manifest/object-id.js";
import { isRecord } from "../manifest/shape.js";
import type { PreparedDocument } from "../manifest/to-document.js";
import type { ScopeOf } from "./request.js";

/**
 * Scopes as the destination knows them, and for kinds that it does not know yet, as the custom resource definitions
 * among the documents say. So a source may bring a definition and its first objects in one commit.
 */
export function withDefinitions(documents: readonly PreparedDocument[], known: ScopeOf): ScopeOf {
  const defined = new Map<string, "Namespaced" | "Cluster">();
  for (const { object } of documents) {
    if (object.kind !== "CustomResourceDefinition" || !isRecord(object.spec)) continue;
    const { group, names, scope } = object.spec;
    if (typeof group !== "string" || !isRecord(names) || typeof names.kind !== "string") continue;
    if (scope === "Namespaced" || scope === "Cluster") defined.set(`${group}/${names.kind}`, scope);
  }
  return (kind: GroupVersionKind) => known(kind) ?? defined.get(`${kind.group}/${kind.kind}`);
}
