import { isStatus } from "../../../kube/errors.js";
import { objectPath } from "../../../kube/resource.js";
import type { ObjectId } from "../../../manifest/object-id.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";

/**
 * Checks with a SelfSubjectAccessReview whether an app's user may change an object. A denial is cached for a minute, or until
 * permissions change. Throws if the check fails.
 */
export async function mayWrite(context: KubernetesContext, target: Target, id: ObjectId): Promise<boolean> {
  const resource = await context.discovery.findAny(id);
  if (!resource) return false;
  const user = writer(context, target);
  const object = objectPath(resource, id.namespace, id.name);
  if (context.denied.has(user, object)) return false;
  const { group, version, plural } = resource;
  const { namespace, name } = id;
  const resourceAttributes = { verb: "patch", group, version, resource: plural, namespace, name };
  const allowed = await isAllowed(context, user, resourceAttributes);
  if (!allowed) {
    context.denied.add(user, object);
    context.onDenied();
  }
  return allowed;
}

async function isAllowed(
  { client }: KubernetesContext,
  user: string | undefined,
  resourceAttributes: Readonly<Record<string, string>>,
): Promise<boolean> {
  try {
    const { body } = await client.request<{ status?: { allowed?: boolean } }>({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes },
      },
      impersonate: user,
    });
    return body.status?.allowed === true;
  } catch (error) {
    // Impersonation is denied, or the credential has expired. Other errors say nothing about permissions: callers must not
    // transfer or delete anything then.
    if (isStatus(error, 403) || isStatus(error, 401)) return false;
    throw error;
  }
}
