import { z } from "zod";
import { CoreRoute, CoreRouteWrite } from "../../../api/core/route.js";
import { existing, Fault } from "../../fault.js";
import type { Store } from "../../store/store.js";
import { etagOf } from "../etag.js";
import { type Route, route } from "../route.js";
import { named, withMessage } from "../views.js";

const ADMIN = ["admin"] as const;
const READERS = ["admin", "reader"] as const;

/** Routes of host names to services. */
export function routeRoutes(store: Store): Route[] {
  return [...readRoutes(store), ...writeRoutes(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/routes",
      summary: "All routes, by host name and path.",
      roles: READERS,
      answers: { 200: named("routes", z.array(CoreRoute)) },
      handle: () => ({ status: 200, etag: store.revisions.listEtag("route"), body: { routes: store.routes.list() } }),
    }),
    route({
      method: "GET",
      path: "/api/routes/:id",
      summary: "One route.",
      roles: READERS,
      answers: { 200: named("route", CoreRoute) },
      handle: ({ id }) => {
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
      summary: "Makes a route. One that asks for a sign-in provider that is not there is refused, not left open.",
      roles: ADMIN,
      body: CoreRouteWrite,
      answers: { 201: withMessage("route", CoreRoute) },
      handle: ({ body, token }) => {
        check(store, body);
        const view = store.routes.create(body);
        const place = `${view.hostname}${view.path}`;
        store.audit.record({ actor: token.name, action: "route.create", resourceId: view.id, details: { place } });
        const etag = etagOf(view);
        const message = `${place} leads to ${view.target}`;
        return { status: 201, etag, location: `/api/routes/${view.id}`, body: { message, route: view } };
      },
    }),
    route({
      method: "PUT",
      path: "/api/routes/:id",
      summary: "Replaces a route. Nothing is written if nothing changes.",
      roles: ADMIN,
      conditional: true,
      body: CoreRouteWrite,
      answers: { 200: withMessage("route", CoreRoute) },
      handle: ({ id, body, token, expectRevision }) => {
        const before = mustFind(store, id);
        expectRevision(before);
        check(store, body, id);
        const view = store.routes.update(before, body);
        const etag = etagOf(view);
        if (view.revision === before.revision)
          return { status: 200, etag, body: { message: "nothing changed", route: view } };
        const place = `${view.hostname}${view.path}`;
        store.audit.record({ actor: token.name, action: "route.update", resourceId: id, details: { place } });
        return { status: 200, etag, body: { message: `${place} leads to ${view.target}`, route: view } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/routes/:id",
      summary: "Deletes a route.",
      roles: ADMIN,
      conditional: true,
      answers: { 204: "empty" },
      handle: ({ id, token, expectRevision }) => {
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

/** Refuses what cannot be routed. `id` is the route that is being replaced. */
function check(store: Store, input: CoreRouteWrite, id?: string): void {
  const { hostname, path, target, appId, middleware } = input;
  const port = Number(target.slice(target.lastIndexOf(":") + 1));
  if (port < 1 || port > 65_535)
    throw new Fault("INVALID", "target: expected a port from 1 to 65535", { field: "target" });
  if (appId != null && store.apps.find(appId) === undefined) {
    throw new Fault("INVALID", `appId: there is no app ${JSON.stringify(appId)}`, { field: "appId" });
  }
  const holder = store.routes.at(hostname, path);
  if (holder !== undefined && holder.id !== id) {
    const app = holder.appId === null ? undefined : store.apps.find(holder.appId)?.name;
    const whose = app === undefined ? "" : ` of app ${app}`;
    throw new Fault(
      "CONFLICT",
      `${hostname}${path} is taken by route ${holder.id}${whose}, which leads to ${holder.target}`,
      {
        field: "hostname",
      },
    );
  }
  if (middleware.auth !== undefined && store.providers.findByName(middleware.auth) === undefined) {
    const message = `there is no sign-in provider ${middleware.auth}: make it first; without it the route would let everybody in`;
    throw new Fault("CONFLICT", message, { field: "middleware.auth" });
  }
}

function mustFind(store: Store, id: string): CoreRoute {
  return existing(store.routes.find(id), "route", id);
}
