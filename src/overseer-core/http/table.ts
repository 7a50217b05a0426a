import type { Liveness } from "../operations/liveness.js";
import type { Store } from "../store/store.js";
import { openApiRoute } from "./openapi.js";
import type { Route } from "./route.js";
import { appRoutes } from "./routes/apps.js";
import { auditRoutes } from "./routes/audit.js";
import { backupPolicyRoutes } from "./routes/backup-policies.js";
import { changeRoutes } from "./routes/changes.js";
import { healthRoute } from "./routes/health.js";
import { jobRoutes } from "./routes/jobs.js";
import { nodeRoutes } from "./routes/nodes.js";
import { routeRoutes } from "./routes/routes.js";
import { secretRoutes } from "./routes/secrets.js";
import { signInProviderRoutes } from "./routes/sign-in-providers.js";
import { tokenRoutes } from "./routes/tokens.js";

/** Returns all routes of the API, for the server and the OpenAPI document. */
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
