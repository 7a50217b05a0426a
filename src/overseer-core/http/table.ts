import { CoreApp, CoreAppCreate, CoreAppUpdate, CoreAppVersion } from "../../api/core/app.js";
import { CoreAuditEvent } from "../../api/core/audit.js";
import { CoreBackupPolicy, CoreBackupPolicyWrite } from "../../api/core/backup-policy.js";
import { CoreChanges } from "../../api/core/changes.js";
import { CoreJob, CoreJobEnd, CoreJobLogs, CoreJobWork } from "../../api/core/job.js";
import { CoreNode, CoreNodeConfigWrite, CoreNodeRegister } from "../../api/core/node.js";
import {
  CoreNodeRoute,
  CoreRoute,
  CoreRouteWrite,
  CoreSignInProvider,
  CoreSignInProviderWrite,
} from "../../api/core/route.js";
import { CoreSecret, CoreSecretCreate, CoreSecretUpdate } from "../../api/core/secret.js";
import { CoreToken, CoreTokenCreate } from "../../api/core/token.js";
import { describeApi, OpenApiDocument } from "../../http/openapi.js";
import type { CoreBackup } from "../operations/core-backup.js";
import type { Liveness } from "../operations/liveness.js";
import type { Store } from "../store/store.js";
import { type CoreAccess, type Route, route } from "./route.js";
import { appRoutes } from "./routes/apps.js";
import { auditRoutes } from "./routes/audit.js";
import { backupPolicyRoutes } from "./routes/backup-policies.js";
import { changeRoutes } from "./routes/changes.js";
import { coreBackupRoute } from "./routes/core-backup.js";
import { drainRoutes } from "./routes/drain.js";
import { healthRoute } from "./routes/health.js";
import { jobRoutes } from "./routes/jobs.js";
import { nodeRoutes } from "./routes/nodes.js";
import { routeRoutes } from "./routes/routes.js";
import { secretRoutes } from "./routes/secrets.js";
import { signInProviderRoutes } from "./routes/sign-in-providers.js";
import { tokenRoutes } from "./routes/tokens.js";

/** Schemas that are components of the OpenAPI document. */
const SCHEMAS = {
  App: CoreApp,
  AppCreate: CoreAppCreate,
  AppUpdate: CoreAppUpdate,
  AppVersion: CoreAppVersion,
  AuditEvent: CoreAuditEvent,
  BackupPolicy: CoreBackupPolicy,
  BackupPolicyWrite: CoreBackupPolicyWrite,
  Changes: CoreChanges,
  Job: CoreJob,
  JobEnd: CoreJobEnd,
  JobLogs: CoreJobLogs,
  JobWork: CoreJobWork,
  Node: CoreNode,
  NodeConfigWrite: CoreNodeConfigWrite,
  NodeRegister: CoreNodeRegister,
  NodeRoute: CoreNodeRoute,
  Route: CoreRoute,
  RouteWrite: CoreRouteWrite,
  Secret: CoreSecret,
  SecretCreate: CoreSecretCreate,
  SecretUpdate: CoreSecretUpdate,
  SignInProvider: CoreSignInProvider,
  SignInProviderWrite: CoreSignInProviderWrite,
  Token: CoreToken,
  TokenCreate: CoreTokenCreate,
};

/** Returns all routes of the API. */
export function routeTable(store: Store, liveness: Liveness, backup?: CoreBackup): Route[] {
  let document: Record<string, unknown> | undefined;
  const routes = [
    healthRoute(store),
    ...appRoutes(store),
    ...routeRoutes(store),
    ...signInProviderRoutes(store),
    ...secretRoutes(store),
    ...nodeRoutes(store, liveness),
    ...drainRoutes(store),
    ...jobRoutes(store),
    ...backupPolicyRoutes(store),
    coreBackupRoute(store, backup),
    ...changeRoutes(store),
    ...auditRoutes(store),
    ...tokenRoutes(store),
    route({
      method: "GET",
      path: "/openapi.json",
      summary: "This document.",
      access: "anonymous",
      responses: { 200: OpenApiDocument },
      handle: () => {
        document ??= describeCore(routes);
        return { status: 200, body: document };
      },
    }),
  ];
  return routes;
}

/** Returns the OpenAPI document of the Core. */
export function describeCore(routes: readonly Route[]): Record<string, unknown> {
  return describeApi<CoreAccess>({
    title: "Overseer Core",
    description: "The API of the embedded Overseer Core.",
    routes,
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    describeAccess: (access) =>
      access === "anonymous"
        ? { description: "Needs no token.", schemes: [] }
        : { description: `Role: ${access.join(" or ")}.`, schemes: ["token"] },
    schemas: SCHEMAS,
  });
}
