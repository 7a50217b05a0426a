import type { CoreNodeRoute, CoreRoute } from "../../api/core/route.js";
import type { Store } from "../store/store.js";

/**
 * Returns the routes to the apps that run on a node, sorted by host name and path. Routes with sign-in that lead elsewhere are among them,
 * closed, if the node serves their host: otherwise a broader public route would serve what they protect.
 */
export function routesOf(store: Store, nodeId: string): CoreNodeRoute[] {
  const all = store.routes.list();
  const isOwn = ({ appId }: CoreRoute): boolean => appId !== null && store.apps.runsOn(appId, nodeId);
  const hosts = new Set(all.filter(isOwn).map(({ hostname }) => hostname));
  return all.flatMap((route) => {
    const closed = isOwn(route) ? undefined : closedReason(route);
    const isServed = closed === undefined || (route.middleware.auth !== undefined && serves(hosts, route.hostname));
    return isServed ? [nodeRoute(store, route, closed)] : [];
  });
}

function closedReason({ appId }: CoreRoute): string {
  return appId === null
    ? "it has no app, so it leads nowhere and protects nothing: set its appId, or delete it"
    : "its app does not run on this node, where another route serves its host";
}

/** Returns whether one of the host names, which may begin with `*.`, matches a request that another one matches. */
function serves(hosts: ReadonlySet<string>, hostname: string): boolean {
  if (hosts.has(hostname) || hosts.has(hostname.replace(/^[^.]+/, "*"))) return true;
  return hostname.startsWith("*.") && [...hosts].some((host) => host.replace(/^[^.]+/, "*") === hostname);
}

function nodeRoute(store: Store, route: CoreRoute, closed: string | undefined): CoreNodeRoute {
  const { id, hostname, path, target, appId, tls, middleware } = route;
  const app = (appId === null ? undefined : store.apps.find(appId)?.name) ?? "";
  const colon = target.lastIndexOf(":");
  const [service, port] = [target.slice(0, colon), Number(target.slice(colon + 1))];
  const signIn = signInOf(store, middleware.auth);
  return { id, hostname, path, app, service, port, tls, signIn, ...(closed === undefined ? {} : { closed }) };
}

function signInOf(store: Store, name: string | undefined): CoreNodeRoute["signIn"] {
  if (name === undefined) return null;
  const { type, forwardAuth } = store.providers.findByName(name) ?? { type: "oidc" as const, forwardAuth: null };
  return { name, type, forwardAuth };
}
