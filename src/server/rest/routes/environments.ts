import { z } from "zod";
import type { Environment } from "../../../api/environment.js";
import { freezePatch } from "../../../api/environment-freeze.js";
import { Freeze } from "../../../api/environment-gates.js";
import { API_VERSION } from "../../../api/group.js";
import { EmptyBody } from "../../../api/rest/actions.js";
import { ChangedEnvironment, type EnvironmentItem, EnvironmentList } from "../../../api/rest/environments.js";
import { NameParam } from "../../../api/rest/fields.js";
import { ProblemError } from "../../../http/problem.js";
import { isStatus } from "../../../kube/errors.js";
import { collectionPath } from "../../../kube/resource.js";
import { parseApiVersion } from "../../../manifest/object-id.js";
import type { Identity } from "../identity/identity.js";
import type { UserKube } from "../identity/user-requests.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { patchObject } from "./app-actions.js";

/** Routes of Environments. */
export function environmentRoutes(parts: Pick<RestParts, "clock" | "users" | "kinds" | "rights">): RestRoute[] {
  const { users, kinds, rights } = parts;
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/environments",
      summary: "Lists the Environments in the order of promotion, if the user may list them.",
      access: "user",
      responses: { 200: EnvironmentList },
      handle: async ({ caller }) => {
        const body = await list(users.as(caller), kinds);
        const mayFreeze = body.items.length > 0 && (await rights.mayFreeze(caller));
        return { status: 200, body: mayFreeze ? { ...body, mayFreeze } : body };
      },
    }),
    restRoute({
      method: "POST",
      path: `${ENVIRONMENT}/freeze`,
      summary: "Freezes an Environment: no new revision is applied in it.",
      access: "user",
      params: EnvironmentParams,
      body: Freeze,
      responses: { 202: ChangedEnvironment },
      handle: async ({ caller, params: { name }, body }) => {
        if (body.until !== undefined && Date.parse(body.until) <= parts.clock.now())
          throw new ProblemError("INVALID", "until: is in the past", { field: "until" });
        return setFreeze(parts, caller, name, body);
      },
    }),
    restRoute({
      method: "POST",
      path: `${ENVIRONMENT}/unfreeze`,
      summary: "Removes the freeze of an Environment.",
      access: "user",
      params: EnvironmentParams,
      body: EmptyBody,
      responses: { 202: ChangedEnvironment },
      handle: ({ caller, params: { name } }) => setFreeze(parts, caller, name, null),
    }),
  ];
}

const ENVIRONMENT = "/api/gitops/environments/:name";
const EnvironmentParams = z.object({ name: NameParam });

async function setFreeze(
  parts: Pick<RestParts, "users" | "kinds">,
  caller: Identity,
  name: string,
  freeze: z.output<typeof Freeze> | null,
) {
  const resource = await resourceOf(parts.kinds);
  if (resource === undefined) throw new ProblemError("NOT_FOUND", "there is no such object, or you may not read it");
  const { spec } = (await patchObject(parts, caller, resource, "", name, freezePatch(freeze))) as Environment;
  return { status: 202 as const, body: { name, ...(spec.freeze === undefined ? {} : { freeze: spec.freeze }) } };
}

function resourceOf(kinds: RestParts["kinds"]) {
  return kinds.findAny({ ...parseApiVersion(API_VERSION), kind: "Environment" });
}

async function list(kube: UserKube, kinds: RestParts["kinds"]): Promise<EnvironmentList> {
  const resource = await resourceOf(kinds);
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
