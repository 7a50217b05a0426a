import type { Document, KubeObject } from "../../../manifest/document.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";

/** Whether a document is the CustomResourceDefinition of a kind, at any version. */
export function defines({ id, object }: Document, kind: Pick<GroupVersionKind, "group" | "kind">): boolean {
  if (id.group !== "apiextensions.k8s.io" || id.kind !== "CustomResourceDefinition") return false;
  const spec = specOf(object);
  return spec.group === kind.group && isRecord(spec.names) && spec.names.kind === kind.kind;
}

/** Whether a document makes the cluster serve a kind at its version: as its definition, or as the APIService of its group. */
export function provides(document: Document, kind: GroupVersionKind): boolean {
  const { id, object } = document;
  const spec = specOf(object);
  if (id.group === "apiregistration.k8s.io" && id.kind === "APIService")
    return spec.group === kind.group && spec.version === kind.version;
  return defines(document, kind) && serves(spec.versions, kind.version);
}

function serves(versions: unknown, name: string): boolean {
  return (
    Array.isArray(versions) &&
    versions.some((version) => isRecord(version) && version.name === name && version.served !== false)
  );
}

function specOf({ spec }: KubeObject): Record<string, unknown> {
  return isRecord(spec) ? spec : {};
}
