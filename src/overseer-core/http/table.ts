import type { Liveness } from "../operations/liveness.js";
import type { Store } from "../store/store.js";
import { appRoutes } from "./apps.js";
import { auditRoutes } from "./audit.js";
import { backupPolicyRoutes } from "./backup-policies.js";
import { changeRoutes } from "./changes.js";
import { healthRoute } from "./health.js";
import { jobRoutes } from "./jobs.js";
import { nodeRoutes } from "./nodes.js";
import { openApiRoute } from "./openapi.js";
import type { Route } from "./route.js";
import { routeRoutes } from "./routes.js";
import { secretRoutes } from "./secrets.js";
import { signInProviderRoutes } from "./sign-in-providers.js";
import { tokenRoutes } from "./tokens.js";

/** Every route of the API. The server serves this table, and the OpenAPI document describes it. */
export function routeTable(store: Store, liveness: Liveness): Route[] {
  const routes = [
    healthRoute(store),
    ...appRoutes(store),
    ...routeRoutes(store),
    ...signInProviderRoutes(store),
    ...secretRoutes(store),
    ...nodeRoutes(store, liveness),
    ...jobRoutes(store),
    ...backupPolicyRoutes(store),
    ...changeRoutes(store),
    ...auditRoutes(store),
    ...tokenRoutes(store),
  ];
  return [...routes, openApiRoute(routes)];
}
