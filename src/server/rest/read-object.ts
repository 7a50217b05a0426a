import { objectPath, type ResourceInfo } from "../../kube/resource.js";
import type { UserKube } from "./identity/user-requests.js";
import { kubeProblem } from "./kube-problem.js";

/**
 * Reads an object in the name of a user, without managed fields, which no client of the API needs. Throws NOT_FOUND if it is missing or
 * if the user may not read it.
 */
export async function readObject<T>(
  kube: UserKube,
  resource: ResourceInfo,
  namespace: string,
  name: string,
): Promise<T> {
  try {
    const { body } = await kube.request<T>({ method: "GET", path: objectPath(resource, namespace, name) });
    const { managedFields: _, ...metadata } = (body as { readonly metadata: Record<string, unknown> }).metadata;
    return { ...body, metadata };
  } catch (error) {
    throw kubeProblem(error, "read");
  }
}
