import type { Identity } from "../connection/connection.js";
import type { Cluster } from "./cluster.js";

/** Groups that an Approval can name. */
const MAX_GROUPS = 100;

/** Returns the user, as `kubectl auth whoami` does. */
export async function whoAmI(cluster: Cluster): Promise<Identity> {
  const { status } = await cluster.request<{ status: { userInfo: Partial<Identity> & { username: string } } }>({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  });
  return { groups: [], ...status.userInfo };
}

/** Returns the groups that an Approval names: those that an administrator may have granted rights to. */
export function groupsForApproval({ groups }: Identity): readonly string[] {
  return groups.filter((group) => !group.startsWith("system:")).slice(0, MAX_GROUPS);
}
