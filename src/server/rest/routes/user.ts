import { GROUP } from "../../../api/group.js";
import { CAN_I_RESOURCES } from "../../../api/rest/can-i-resources.js";
import { CanI, CanIQuery, Whoami } from "../../../api/rest/user.js";
import { rfc3339 } from "../../../base/clock.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

/** Routes about the user of the request. */
export function userRoutes({ programVersion, users }: Pick<RestParts, "programVersion" | "users">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/whoami",
      summary: "Returns the user of the request.",
      access: "user",
      responses: { 200: Whoami },
      handle: ({ caller: { name, groups, signedInBy, expires } }) => {
        const body: Whoami = { name, groups: [...groups], signedInBy, version: programVersion };
        return { status: 200, body: expires === undefined ? body : { ...body, expires: rfc3339(expires) } };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/can-i",
      summary: "Returns whether the user has a permission, as kubectl auth can-i.",
      access: "user",
      query: CanIQuery,
      responses: { 200: CanI },
      handle: async ({ caller, query: { verb, resource, namespace, name } }) => {
        const attributes = { group: GROUP, resource: CAN_I_RESOURCES[resource], verb, namespace, name };
        const { body } = await users.as(caller).request<AccessReview>({
          method: "POST",
          path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
          body: {
            ...{ apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" },
            spec: { resourceAttributes: attributes },
          },
        });
        const { allowed = false, reason } = body.status ?? {};
        return { status: 200, body: reason ? { allowed, reason } : { allowed } };
      },
    }),
  ];
}

interface AccessReview {
  readonly status?: { readonly allowed?: boolean; readonly reason?: string };
}
