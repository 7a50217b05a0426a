import { ObjectParams } from "../../../api/rest/fields.js";
import { AppEvents, AppObjects } from "../../../api/rest/objects.js";
import { listEvents } from "../objects/list-events.js";
import { listObjects } from "../objects/list-objects.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { readApp } from "./apps.js";

const APP = "/api/gitops/apps/:namespace/:name";

/** Routes about the live objects of apps, which are read in the name of the user. */
export function appObjectRoutes(parts: RestParts): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: `${APP}/objects`,
      summary: "Returns the live objects of an app with their health, and the pods of its workloads.",
      access: "user",
      params: ObjectParams,
      responses: { 200: AppObjects },
      handle: async ({ caller, params: { namespace, name } }) => {
        const app = await readApp(parts, caller, namespace, name);
        return { status: 200, body: await listObjects(parts.users.as(caller), parts.kinds, app, parts.leader) };
      },
    }),
    restRoute({
      method: "GET",
      path: `${APP}/events`,
      summary: "Returns the Events about an app, its Changes and its objects.",
      access: "user",
      params: ObjectParams,
      responses: { 200: AppEvents },
      handle: async ({ caller, params: { namespace, name } }) => {
        const app = await readApp(parts, caller, namespace, name);
        const kube = parts.users.as(caller);
        const { items } = await listObjects(kube, parts.kinds, app, parts.leader);
        return { status: 200, body: await listEvents(kube, app, items) };
      },
    }),
  ];
}
