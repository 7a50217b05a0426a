/** The kind of an object: API group, version and kind, as in its document. */
export interface GroupVersionKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What names an object in a cluster. The version is how it was written, and no part of the identity. */
export interface ObjectId extends GroupVersionKind {
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
}

/** An identity as a map key: `group/Kind/namespace/name`. */
export type ObjectKey = string;

/** Returns the map key of an object. */
export function objectKey(id: Omit<ObjectId, "version">): ObjectKey {
  return `${id.group}/${id.kind}/${id.namespace}/${id.name}`;
}

/** Splits `apiVersion` into group and version. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** Joins group and version to `apiVersion`. */
export function apiVersionOf(gvk: Pick<GroupVersionKind, "group" | "version">): string {
  return gvk.group === "" ? gvk.version : `${gvk.group}/${gvk.version}`;
}

/** Returns the display name of an object: `Deployment shop/web` or `Namespace shop`. */
export function displayId(id: Pick<ObjectId, "kind" | "namespace" | "name">): string {
  return id.namespace === "" ? `${id.kind} ${id.name}` : `${id.kind} ${id.namespace}/${id.name}`;
}
