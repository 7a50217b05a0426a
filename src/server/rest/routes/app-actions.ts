import { randomBytes } from "node:crypto";
import { ANNOTATION_RECONCILE_AT } from "../../../api/group.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import {
  Accepted,
  CreatedObject,
  EmptyBody,
  PromoteBody,
  RollbackBody,
  SuspendBody,
  SyncBody,
} from "../../../api/rest/actions.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import { ProblemError } from "../../../http/problem.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { Identity } from "../identity/identity.js";
import { readObject } from "../read-object.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { type Creation, createObject, findRepeated, REST_MANAGER } from "../writes/create-object.js";
import { newName } from "../writes/idempotency.js";
import { readApp } from "./apps.js";
import { readChange } from "./changes.js";

const APP = "/api/gitops/apps/:namespace/:name";
/** Maximum length of spec.suspendReason. */
const MAX_REASON = 256;

/** Routes that act on apps. Each writes a custom resource in the name of the user. */
export function appActionRoutes(parts: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "POST",
      path: `${APP}/sync`,
      summary: "Requests a sync of an app: creates a Change of cause Sync.",
      access: "user",
      params: ObjectParams,
      body: SyncBody,
      responses: { 200: CreatedObject, 201: CreatedObject },
      handle: async ({ caller, params: { namespace, name }, body = {}, headers }) => {
        await readApp(parts, caller, namespace, name);
        const spec = {
          ...{ app: { name }, cause: "Sync", requester: caller.name },
          ...(body.dryRun ? { dryRun: true } : {}),
        };
        const fresh = newName(name, `sync ${namespace}`, caller, headers);
        return requestChange(parts, caller, namespace, fresh, spec);
      },
    }),
    restRoute({
      method: "POST",
      path: `${APP}/rollback`,
      summary: "Requests a rollback of an app to the inputs of an earlier Change: creates a Change of cause Rollback.",
      access: "user",
      params: ObjectParams,
      body: RollbackBody,
      responses: { 200: CreatedObject, 201: CreatedObject },
      handle: async ({ caller, params: { namespace, name }, body: { change, dryRun }, headers }) => {
        await readApp(parts, caller, namespace, name);
        const earlier = await readChange(parts, caller, namespace, change);
        if (earlier.spec.app.name !== name)
          throw new ProblemError("INVALID", "change: is a Change of another app", { field: "change" });
        const spec = {
          ...{ app: { name }, cause: "Rollback", requester: caller.name },
          rollbackTo: { change, uid: earlier.metadata.uid },
          ...(dryRun ? { dryRun: true } : {}),
        };
        const fresh = newName(name, `rollback ${namespace}`, caller, headers);
        return requestChange(parts, caller, namespace, fresh, spec);
      },
    }),
    restRoute({
      method: "POST",
      path: `${APP}/promote`,
      summary: "Requests a promotion of an app to a tested commit: creates a Change of cause Promotion.",
      access: "user",
      params: ObjectParams,
      body: PromoteBody,
      responses: { 200: CreatedObject, 201: CreatedObject },
      handle: async ({ caller, params: { namespace, name }, body = {}, headers }) => {
        const { status } = await readApp(parts, caller, namespace, name);
        const fresh = newName(name, `promote ${namespace}`, caller, headers);
        const request = {
          ...{ app: { name }, cause: "Promotion", requester: caller.name },
          ...(body.dryRun ? { dryRun: true } : {}),
        };
        const commit = body.commit ?? status?.promotion?.promotable;
        if (commit === undefined) {
          // A repetition of a request that was carried out meanwhile finds nothing to promote any more.
          const kube = parts.users.as(caller);
          const earlier = await findRepeated(kube, parts.resources.change, namespace, fresh, request);
          if (earlier !== undefined) return creationReply(earlier, "changes");
          throw new ProblemError("CONFLICT", nothingToPromote(status?.promotion));
        }
        // What can be promoted may have moved since the first request.
        const derived = body.commit === undefined ? ["promote"] : [];
        return requestChange(parts, caller, namespace, fresh, { ...request, promote: { commit } }, derived);
      },
    }),
    restRoute({
      method: "POST",
      path: `${APP}/refresh`,
      summary: "Requests a reconcile of an app.",
      access: "user",
      params: ObjectParams,
      body: EmptyBody,
      responses: { 202: Accepted },
      handle: async ({ caller, params: { namespace, name } }) => {
        const reconcileAt = await requestReconcile(parts, caller, parts.resources.app, namespace, name);
        return { status: 202, body: { namespace, name, reconcileAt } };
      },
    }),
    restRoute({
      method: "POST",
      path: `${APP}/suspend`,
      summary: "Suspends an app: nothing is synced, reverted or pruned.",
      access: "user",
      params: ObjectParams,
      body: SuspendBody,
      responses: { 202: Accepted },
      handle: async ({ caller, params: { namespace, name }, body = {} }) => {
        const why = body.reason === undefined ? "" : `: ${body.reason}`;
        const suspendReason = `suspended by ${caller.name}${why}`.slice(0, MAX_REASON);
        await patchObject(parts, caller, parts.resources.app, namespace, name, {
          spec: { suspend: true, suspendReason, suspendUntil: body.until ?? null },
        });
        return { status: 202, body: { namespace, name } };
      },
    }),
    restRoute({
      method: "POST",
      path: `${APP}/resume`,
      summary: "Ends the suspension of an app.",
      access: "user",
      params: ObjectParams,
      body: EmptyBody,
      responses: { 202: Accepted },
      handle: async ({ caller, params: { namespace, name } }) => {
        const spec = { suspend: false, suspendReason: null, suspendUntil: null };
        await patchObject(parts, caller, parts.resources.app, namespace, name, { spec });
        return { status: 202, body: { namespace, name } };
      },
    }),
  ];
}

function nothingToPromote(promotion: NonNullable<OverseerApp["status"]>["promotion"]): string {
  if (promotion === undefined)
    return "there is nothing to promote: the namespace of the app belongs to no Environment with promotesFrom";
  const why = promotion.waitingFor ?? `${promotion.newest ?? "the newest tested commit"} is applied`;
  return `there is nothing to promote: ${why}`;
}

/** Creates a Change in the name of a user, and returns the response. */
async function requestChange(
  { users, resources }: RestParts,
  caller: Identity,
  namespace: string,
  fresh: ReturnType<typeof newName>,
  spec: Readonly<Record<string, unknown>>,
  derived: readonly string[] = [],
) {
  const kube = users.as(caller);
  return creationReply(await createObject(kube, resources.change, namespace, fresh, spec, derived), "changes");
}

/** Returns the response to a request that creates an object: 201 with its location, or 200 for a repetition. */
export function creationReply<const C extends Creation>({ object, created }: C, collection: string) {
  const location = `/api/gitops/${collection}/${object.namespace}/${object.name}`;
  return { status: created ? (201 as const) : (200 as const), location, body: object };
}

/** Sets the annotation that requests a reconcile, in the name of a user. Returns its value. */
export async function requestReconcile(
  parts: Pick<RestParts, "users" | "clock">,
  user: Identity,
  resource: ResourceInfo,
  namespace: string,
  name: string,
): Promise<string> {
  const value = `${new Date(parts.clock.now()).toISOString()} api ${randomBytes(4).toString("hex")}`;
  const patch = { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: value } } };
  await patchObject(parts, user, resource, namespace, name, patch);
  return value;
}

/** Changes an object by a merge patch in the name of a user. An object that the user may not read does not exist. */
export async function patchObject(
  { users }: Pick<RestParts, "users">,
  user: Identity,
  resource: ResourceInfo,
  namespace: string,
  name: string,
  patch: object,
): Promise<unknown> {
  const kube = users.as(user);
  await readObject(kube, resource, namespace, name);
  const { body } = await kube.request({
    method: "PATCH",
    path: objectPath(resource, namespace, name),
    query: { fieldManager: REST_MANAGER, fieldValidation: "Strict" },
    contentType: "application/merge-patch+json",
    body: patch,
  });
  return body;
}
