import { apiVersionOf, type GroupVersionKind } from "../manifest/object-id.js";
import { KubeStatusError } from "./errors.js";

/** A kind served by the API server. */
export interface ResourceInfo extends GroupVersionKind {
  /** Name in URLs, for example `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: ReadonlySet<string>;
  /** Whether `status` is a subresource. */
  readonly hasStatus: boolean;
}

/** Returns the path of all objects of a kind, or of those in one namespace. */
export function collectionPath(resource: ResourceInfo, namespace = ""): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
  return resource.namespaced && namespace !== ""
    ? `${root}/namespaces/${segment("namespace", namespace)}/${resource.plural}`
    : `${root}/${resource.plural}`;
}

/** Returns the path of one object. Throws the API server's error for an invalid name. */
export function objectPath(resource: ResourceInfo, namespace: string, name: string): string {
  return `${collectionPath(resource, namespace)}/${segment("name", name)}`;
}

/**
 * Encodes one path segment. Escaping is not enough: with an empty name a delete would remove the whole collection, and the API
 * server unescapes the path before splitting it, so `a%2Fb` would be the subresource b of a (`IsValidPathSegmentName`).
 */
function segment(what: string, text: string): string {
  if (text !== "" && text !== "." && text !== ".." && !/[/%]/.test(text)) return encodeURIComponent(text);
  const message = `invalid ${what} ${JSON.stringify(text)}: it must not be empty, "." or "..", or contain "/" or "%"`;
  throw new KubeStatusError(422, { reason: "Invalid", message }, text);
}
