import type { GroupVersionKind } from "../manifest/object-id.js";
import { apiVersionOf } from "../manifest/object-id.js";

/** A kind as the API server serves it. */
export interface ResourceInfo extends GroupVersionKind {
  /** Name in URLs, for example `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: ReadonlySet<string>;
  /** Whether `status` is written by a path of its own, and ignored on the main one. */
  readonly hasStatus: boolean;
}

/** Path of all objects of a kind, or of those of one namespace. */
export function collectionPath(resource: ResourceInfo, namespace = ""): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
  return resource.namespaced && namespace !== ""
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`
    : `${root}/${resource.plural}`;
}

/** Path of one object. */
export function objectPath(resource: ResourceInfo, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}
