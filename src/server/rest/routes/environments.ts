import type { Environment } from "../../../api/environment.js";
import { API_VERSION } from "../../../api/group.js";
import { type EnvironmentItem, EnvironmentList } from "../../../api/rest/environments.js";
import { isStatus } from "../../../kube/errors.js";
import { collectionPath } from "../../../kube/resource.js";
import { parseApiVersion } from "../../../manifest/object-id.js";
import type { UserKube } from "../identity/user-requests.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";

/** Routes of Environments. */
export function environmentRoutes({ users, kinds }: Pick<RestParts, "users" | "kinds">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/environments",
      summary: "Lists the Environments in the order of promotion, if the user may list them.",
      access: "user",
      responses: { 200: EnvironmentList },
      handle: async ({ caller }) => ({ status: 200, body: await list(users.as(caller), kinds) }),
    }),
  ];
}

async function list(kube: UserKube, kinds: RestParts["kinds"]): Promise<EnvironmentList> {
  const resource = await kinds.findAny({ ...parseApiVersion(API_VERSION), kind: "Environment" });
  if (resource === undefined) return { items: [] };
  try {
    const path = collectionPath(resource);
    const { body } = await kube.request<{ readonly items: readonly Environment[] }>({ method: "GET", path });
    return { items: inOrder(body.items.map(toItem)) };
  } catch (error) {
    if (isStatus(error, 403)) return { items: [], hidden: true };
    throw error;
  }
}

function toItem({ metadata, spec, status }: Environment): EnvironmentItem {
  return { name: metadata.name, spec, ...(status === undefined ? {} : { status }) };
}

/** Sorts Environments so that each comes after those that it is promoted from, and by name; cycles do not matter. */
export function inOrder(environments: readonly EnvironmentItem[]): EnvironmentItem[] {
  const byName = new Map(environments.map((one) => [one.name, one]));
  const depths = new Map<string, number>();
  const depthOf = (name: string, trail: readonly string[]): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const earlier = (byName.get(name)?.spec.promotesFrom ?? []).filter(
      (from) => byName.has(from) && !trail.includes(from),
    );
    const depth = Math.max(0, ...earlier.map((from) => depthOf(from, [...trail, name]) + 1));
    if (trail.length === 0) depths.set(name, depth);
    return depth;
  };
  return [...environments].sort((a, b) => depthOf(a.name, []) - depthOf(b.name, []) || (a.name < b.name ? -1 : 1));
}
