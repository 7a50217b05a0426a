import { isDeepStrictEqual } from "node:util";
import { API_VERSION } from "../../../api/group.js";
import type { CreatedObject } from "../../../api/rest/actions.js";
import { ProblemError } from "../../../http/problem.js";
import { isStatus } from "../../../kube/errors.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { UserKube } from "../identity/user-requests.js";
import type { NewName } from "./idempotency.js";

/** Field manager of writes by the API. */
export const REST_MANAGER = "overseer-gitops-api";

/** Result of creating an object. */
export interface Creation {
  readonly object: CreatedObject;
  /** False if an earlier request with the same Idempotency-Key has created it. */
  readonly created: boolean;
}

interface LiveObject {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * Creates an object of our group in the name of a user. A repetition returns the object of the first request. Throws CONFLICT if the
 * name is taken by an object with another spec, or the error of the API server. `derived`: fields of the spec that do not come from the
 * request, and may differ when it is repeated.
 */
export async function createObject(
  kube: UserKube,
  resource: ResourceInfo,
  namespace: string,
  { name, repeatable }: NewName,
  spec: Readonly<Record<string, unknown>>,
  derived: readonly string[] = [],
): Promise<Creation> {
  try {
    const { body } = await kube.request<LiveObject>({
      method: "POST",
      path: collectionPath(resource, namespace),
      query: { fieldManager: REST_MANAGER, fieldValidation: "Strict" },
      body: { apiVersion: API_VERSION, kind: resource.kind, metadata: { name, namespace }, spec },
    });
    return { object: identityOf(body), created: true };
  } catch (error) {
    if (!repeatable || !isStatus(error, 409)) throw error;
    return repeated(kube, resource, namespace, name, spec, derived);
  }
}

/** Returns the object of an earlier request with the same Idempotency-Key; undefined if there is none. Throws as `createObject`. */
export async function findRepeated(
  kube: UserKube,
  resource: ResourceInfo,
  namespace: string,
  { name, repeatable }: NewName,
  spec: Readonly<Record<string, unknown>>,
): Promise<Creation | undefined> {
  if (!repeatable) return undefined;
  try {
    return await repeated(kube, resource, namespace, name, spec, []);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

async function repeated(
  kube: UserKube,
  resource: ResourceInfo,
  namespace: string,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  derived: readonly string[],
): Promise<Creation> {
  const { body } = await kube.request<LiveObject>({ method: "GET", path: objectPath(resource, namespace, name) });
  const isSame = Object.entries(spec).every(
    ([field, value]) => derived.includes(field) || isDeepStrictEqual(body.spec[field], value),
  );
  if (isSame) return { object: identityOf(body), created: false };
  throw new ProblemError("CONFLICT", "the Idempotency-Key was used for another request: use a new one");
}

function identityOf({ metadata: { namespace, name, uid } }: LiveObject): CreatedObject {
  return { namespace, name, uid };
}
