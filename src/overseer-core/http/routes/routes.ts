import { z } from "zod";
import { CoreRoute, CoreRouteWrite } from "../../../api/core/route.js";
import { etagOf } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route, withMessage } from "../route.js";

const ADMIN = ["admin"] as const;
const READERS = ["admin", "reader"] as const;

/** API routes of the routes from host names to services. */
export function routeRoutes(store: Store): Route[] {
  return [...readRoutes(store), ...writeRoutes(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/routes",
      summary: "Lists all routes, sorted by host name and path.",
      access: READERS,
      responses: { 200: named("routes", z.array(CoreRoute)) },
      handle: () => ({ status: 200, etag: store.revisions.listEtag("route"), body: { routes: store.routes.list() } }),
    }),
    route({
      method: "GET",
      path: "/api/routes/:id",
      summary: "Returns one route.",
      access: READERS,
      responses: { 200: named("route", CoreRoute) },
      handle: ({ params: { id } }) => {
        const view = mustFind(store, id);
        return { status: 200, etag: etagOf(view), body: { route: view } };
      },
    }),
  ];
}

function writeRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/routes",
      summary: "Creates a route. A route with an unknown sign-in provider is refused rather than left unprotected.",
      access: ADMIN,
      body: CoreRouteWrite,
      responses: { 201: withMessage("route", CoreRoute) },
      handle: ({ body, caller: token }) => {
        check(store, body);
        const view = store.routes.create(body);
        const place = `${view.hostname}${view.path}`;
        store.audit.record({ actor: token.name, action: "route.create", resourceId: view.id, details: { place } });
        const etag = etagOf(view);
        const message = `${place} routes to ${view.target}`;
        return { status: 201, etag, location: `/api/routes/${view.id}`, body: { message, route: view } };
      },
    }),
    route({
      method: "PUT",
      path: "/api/routes/:id",
      summary: "Replaces a route. Does nothing if nothing changes.",
      access: ADMIN,
      conditional: true,
      body: CoreRouteWrite,
      responses: { 200: withMessage("route", CoreRoute) },
      handle: ({ params: { id }, body, caller: token, expectRevision }) => {
        const before = mustFind(store, id);
        expectRevision(before);
        check(store, body, id);
        const view = store.routes.update(before, body);
        const etag = etagOf(view);
        if (view.revision === before.revision)
          return { status: 200, etag, body: { message: "nothing changed", route: view } };
        const place = `${view.hostname}${view.path}`;
        store.audit.record({ actor: token.name, action: "route.update", resourceId: id, details: { place } });
        return { status: 200, etag, body: { message: `${place} routes to ${view.target}`, route: view } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/routes/:id",
      summary: "Deletes a route.",
      access: ADMIN,
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, caller: token, expectRevision }) => {
        const view = mustFind(store, id);
        expectRevision(view);
        store.routes.delete(id);
        const place = `${view.hostname}${view.path}`;
        store.audit.record({ actor: token.name, action: "route.delete", resourceId: id, details: { place } });
        return { status: 204 };
      },
    }),
  ];
}

/** Rejects an invalid or conflicting route. `id` is the route to replace. */
function check(store: Store, input: CoreRouteWrite, id?: string): void {
  const { hostname, path, target, appId, middleware } = input;
  const port = Number(target.slice(target.lastIndexOf(":") + 1));
  if (port < 1 || port > 65_535)
    throw new ProblemError("INVALID", "target: expected a port from 1 to 65535", { field: "target" });
  if (appId == null && middleware.auth !== undefined) {
    const message = "appId: required with middleware.auth, since a route without app protects nothing";
    throw new ProblemError("INVALID", message, { field: "appId" });
  }
  if (appId != null && store.apps.find(appId) === undefined) {
    throw new ProblemError("INVALID", `appId: app ${JSON.stringify(appId)} not found`, { field: "appId" });
  }
  const holder = store.routes.at(hostname, path).find((one) => one.id !== id);
  if (holder !== undefined) {
    const app = holder.appId === null ? undefined : store.apps.find(holder.appId)?.name;
    const ofApp = app === undefined ? "" : ` of app ${app}`;
    throw new ProblemError(
      "CONFLICT",
      `${hostname}${holder.path} is already used by route ${holder.id}${ofApp}, which routes to ${holder.target}`,
      {
        field: "hostname",
      },
    );
  }
  if (middleware.auth !== undefined && store.providers.findByName(middleware.auth) === undefined) {
    const message = `sign-in provider ${middleware.auth} not found: create it first, since without it the route would be open to everyone`;
    throw new ProblemError("CONFLICT", message, { field: "middleware.auth" });
  }
}

function mustFind(store: Store, id: string): CoreRoute {
  return existing(store.routes.find(id), "route", id);
}
