import { CoreRouteSpec } from "../../../api/core/objects.js";
import type { RouteRecord } from "../state/core-records.js";
import { routeName } from "../state/core-state.js";
import { coreKind, isAppNamed, missingApp } from "./core-kind.js";

interface Content {
  readonly appId: string | null;
  readonly [field: string]: unknown;
}

/** Rules for routes: host name and path → service of an app. */
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
  desired: (spec, _name, state) => ({
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
  refersTo: (record, { app }, state) => isAppNamed(record.appId, app, state),
  missing: (spec, _name, state, coming) =>
    state.appNamed(spec.app) || coming.has(spec.app) ? [] : [missingApp(spec.app)],
  refusal(spec, _record, state, abilities) {
    if (spec.auth === undefined) return undefined;
    if (!abilities.signInProviders)
      return `requires sign-in with ${spec.auth}, but this Core does not list its sign-in providers: use a Core that does, since the route might be public otherwise`;
    if (state.hasSignInProvider(spec.auth)) return undefined;
    return `requires sign-in with ${spec.auth}, but the Core has no such sign-in provider: add it there, or correct auth; otherwise the route would be public`;
  },
  body: (content, _name, metadata) => {
    const { middleware, ...rest } = content as unknown as { middleware: { auth: string | null } };
    const { auth, ...others } = middleware;
    return { ...rest, middleware: auth === null ? others : { ...others, auth }, metadata };
  },
  health: ({ problem }) =>
    problem === null ? { status: "Healthy" } : { status: "Degraded", message: `is not published: ${problem}` },
  pending: () => undefined,
});
