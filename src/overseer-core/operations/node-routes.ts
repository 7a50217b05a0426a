import type { CoreNodeRoute } from "../../api/core/route.js";
import type { Store } from "../store/store.js";

/** Returns the routes to the apps that run on a node, sorted by host name and path. */
export function routesOf(store: Store, nodeId: string): CoreNodeRoute[] {
  return store.routes.list().flatMap(({ id, hostname, path, target, appId, tls, middleware }) => {
    const app = appId === null || !store.apps.runsOn(appId, nodeId) ? undefined : store.apps.find(appId)?.name;
    if (app === undefined) return [];
    const colon = target.lastIndexOf(":");
    const [service, port] = [target.slice(0, colon), Number(target.slice(colon + 1))];
    return [{ id, hostname, path, app, service, port, tls, signIn: signInOf(store, middleware.auth) }];
  });
}

function signInOf(store: Store, name: string | undefined): CoreNodeRoute["signIn"] {
  if (name === undefined) return null;
  const { type, forwardAuth } = store.providers.findByName(name) ?? { type: "oidc" as const, forwardAuth: null };
  return { name, type, forwardAuth };
}
