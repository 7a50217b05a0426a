import { CoreRouteSpec } from "../../../api/core/objects.js";
import type { RouteRecord } from "../state/core-records.js";
import { routeName } from "../state/core-state.js";
import { coreKind, isAppNamed, missingApp } from "./core-kind.js";

interface Content {
  readonly appId: string | null;
  readonly [field: string]: unknown;
}

/** Routes: host name and path → service of an app. */
export const ROUTE_KIND = coreKind<RouteRecord, CoreRouteSpec>({
  kind: "Route",
  change: "route",
  path: "/api/routes",
  envelope: "route",
  spec: CoreRouteSpec,
  alwaysThere: false,
  find: (state, name) => state.routeNamed(name),
  nameOf: routeName,
  content: ({ hostname, path, target, appId, tls, middleware }) => ({
    hostname,
    path,
    target,
    appId,
    tls,
    middleware: { ...middleware, auth: middleware.auth ?? null },
  }),
  wanted: (spec, _name, state) => ({
    hostname: spec.host,
    path: spec.path,
    target: spec.target,
    appId: state.appNamed(spec.app)?.id ?? null,
    tls: spec.tls,
    middleware: { auth: spec.auth ?? null },
  }),
  show(content, state) {
    const { appId, ...rest } = content as unknown as Content;
    const app = appId === null ? null : (state.byId("app", appId)?.name ?? appId);
    return { ...rest, app } as never;
  },
  references: (spec) => ({ app: spec.app }),
  refersTo: (seen, { app }, state) => isAppNamed(seen.appId, app, state),
  missing: (spec, _name, state, coming) =>
    state.appNamed(spec.app) || coming.has(spec.app) ? [] : [missingApp(spec.app)],
  refusal(spec, _record, state, abilities) {
    if (spec.auth === undefined) return undefined;
    if (!abilities.signInProviders)
      return `asks for sign-in by ${spec.auth}, and this Core does not tell which sign-in providers it has: the route is not made, since it might be open to everybody`;
    if (state.hasSignInProvider(spec.auth)) return undefined;
    return `asks for sign-in by ${spec.auth}, and the Core has no such sign-in provider: add it there, or correct auth; without it the route would be open to everybody`;
  },
  body: (content, _name, metadata) => {
    const { middleware, ...rest } = content as unknown as { middleware: { auth: string | null } };
    const { auth, ...others } = middleware;
    return { ...rest, middleware: auth === null ? others : { ...others, auth }, metadata };
  },
  health: () => ({ status: "Healthy" }),
  pending: () => undefined,
});
