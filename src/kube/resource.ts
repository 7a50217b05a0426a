import { apiVersionOf, type GroupVersionKind } from "../manifest/object-id.js";
import { KubeStatusError } from "./errors.js";

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
    ? `${root}/namespaces/${segment("namespace", namespace)}/${resource.plural}`
    : `${root}/${resource.plural}`;
}

/** Path of one object. Throws what the API server answers to a name that cannot be one. */
export function objectPath(resource: ResourceInfo, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${segment("name", name)}`;
}

/**
 * One step of a path. Escaping is not enough: with an empty name a delete would take the whole collection, and the API
 * server unescapes the path before it splits it, so that `a%2Fb` is the subresource b of a (`IsValidPathSegmentName`).
 */
function segment(what: string, text: string): string {
  if (text !== "" && text !== "." && text !== ".." && !/[/%]/.test(text)) return encodeURIComponent(text);
  const message = `${JSON.stringify(text)} cannot be the ${what} of an object: it may not be empty, ".", "..", or hold "/" or "%"`;
  throw new KubeStatusError(422, { reason: "Invalid", message }, text);
}
