import { GROUP } from "../api/group.js";
import type { OverseerApp } from "../api/overseer-app.js";
import type { UserPermissions } from "../controllers/overseer-app/app-services.js";
import type { KubeClient } from "../kube/client/kube-client.js";

/** Group of all users who have authenticated. */
const AUTHENTICATED = "system:authenticated";

/** Asks the API server for permissions of users by SubjectAccessReviews. Not cached: a permission may have been revoked. */
export class AccessReviews implements UserPermissions {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async has(
    verb: "approve" | "break-glass",
    { metadata: { namespace, name } }: OverseerApp,
    user: { readonly name: string; readonly groups: readonly string[] },
  ): Promise<boolean> {
    const resourceAttributes = { group: GROUP, resource: "overseerapps", verb, namespace, name };
    const { body } = await this.#client.request<{ status?: { allowed?: boolean } }>({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user: user.name, groups: [...user.groups, AUTHENTICATED], resourceAttributes },
      },
    });
    return body.status?.allowed === true;
  }
}
