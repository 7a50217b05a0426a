import { isDeepStrictEqual } from "node:util";
import { ANNOTATION_REQUEST, API_VERSION } from "../../../api/group.js";
import type { CreatedObject } from "../../../api/rest/actions.js";
import { canonicalJson, sha256 } from "../../../base/hash.js";
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
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
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
  const annotations = repeatable ? { annotations: { [ANNOTATION_REQUEST]: digestOf(spec, derived) } } : {};
  try {
    const { body } = await kube.request<LiveObject>({
      method: "POST",
      path: collectionPath(resource, namespace),
      query: { fieldManager: REST_MANAGER, fieldValidation: "Strict" },
      body: { apiVersion: API_VERSION, kind: resource.kind, metadata: { name, namespace, ...annotations }, spec },
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
  const first = body.metadata.annotations?.[ANNOTATION_REQUEST];
  // An object of an earlier version has no digest: what was sent is compared with what is stored, which may have more.
  const isSame =
    first === undefined
      ? Object.entries(spec).every(
          ([field, value]) => derived.includes(field) || isDeepStrictEqual(body.spec[field], value),
        )
      : first === digestOf(spec, derived);
  if (isSame) return { object: identityOf(body), created: false };
  throw new ProblemError("CONFLICT", "the Idempotency-Key was used for another request: use a new one");
}

/** Tells requests apart: a field that one has and the other has not is a difference. */
function digestOf(spec: Readonly<Record<string, unknown>>, derived: readonly string[]): string {
  const sent = Object.entries(spec).filter(([field]) => !derived.includes(field));
  return sha256(canonicalJson(Object.fromEntries(sent)), 32);
}

function identityOf({ metadata: { namespace, name, uid } }: LiveObject): CreatedObject {
  return { namespace, name, uid };
}
