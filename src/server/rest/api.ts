import { ChangeSpec, ChangeStatus } from "../../api/change.js";
import { GitRepositorySpec, GitRepositoryStatus } from "../../api/git-repository.js";
import { OverseerAppSpec, OverseerAppStatus } from "../../api/overseer-app.js";
import { Accepted, CreatedObject } from "../../api/rest/actions.js";
import { AppDetail, AppList, AppRow } from "../../api/rest/apps.js";
import { AuditPage, AuditRecordView } from "../../api/rest/audit.js";
import { ChangeDetail, ChangeList, ChangeRow } from "../../api/rest/changes.js";
import { CoreList, CoreView } from "../../api/rest/cores.js";
import { RepositoryDetail, RepositoryList, RepositoryRow } from "../../api/rest/repositories.js";
import { SyncStatus } from "../../api/rest/sync-status.js";
import { Whoami } from "../../api/rest/user.js";
import { describeApi, OpenApiDocument } from "../../http/openapi.js";
import { type RestAccess, type RestParts, type RestRoute, restRoute } from "./route.js";
import { alertRoutes } from "./routes/alerts.js";
import { appActionRoutes } from "./routes/app-actions.js";
import { appObjectRoutes } from "./routes/app-objects.js";
import { appRoutes } from "./routes/apps.js";
import { auditRoutes } from "./routes/audit.js";
import { changeRoutes } from "./routes/changes.js";
import { channelRoutes } from "./routes/channels.js";
import { connectionTestRoutes } from "./routes/connection-test.js";
import { coreRoutes } from "./routes/cores.js";
import { decisionRoutes } from "./routes/decisions.js";
import { desiredRoutes } from "./routes/desired.js";
import { environmentRoutes } from "./routes/environments.js";
import { eventRoutes } from "./routes/events.js";
import { logRoutes } from "./routes/logs.js";
import { repositoryRoutes } from "./routes/repositories.js";
import { resourceRoutes } from "./routes/resources.js";
import { secretRoutes } from "./routes/secrets.js";
import { signInRoutes } from "./routes/sign-in.js";
import { syncStatusRoutes } from "./routes/sync-status.js";
import { userRoutes } from "./routes/user.js";

/** Returns all routes of the REST API. */
export function restRoutes(parts: RestParts): RestRoute[] {
  const all: RestRoute[] = [
    ...userRoutes(parts),
    ...appRoutes(parts),
    ...appActionRoutes(parts),
    ...appObjectRoutes(parts),
    ...alertRoutes(parts),
    ...desiredRoutes(parts),
    ...changeRoutes(parts),
    ...decisionRoutes(parts),
    ...environmentRoutes(parts),
    ...repositoryRoutes(parts),
    ...connectionTestRoutes(parts),
    ...resourceRoutes(parts),
    ...secretRoutes(parts),
    ...channelRoutes(parts),
    ...syncStatusRoutes(parts),
    ...eventRoutes(parts),
    ...logRoutes(parts),
    ...coreRoutes(parts),
    ...auditRoutes(parts),
    ...signInRoutes(parts),
  ];
  all.push(documentRoute(() => describeRest(all)));
  return all;
}

/** Route of the OpenAPI document, which is made at the first request. */
function documentRoute(describe: () => Record<string, unknown>): RestRoute {
  let document: Record<string, unknown> | undefined;
  return restRoute({
    method: "GET",
    path: "/api/gitops/openapi.json",
    summary: "Returns this document.",
    access: "anonymous",
    responses: { 200: OpenApiDocument },
    handle: () => {
      document ??= describe();
      return { status: 200, body: document };
    },
  });
}

/** Returns the OpenAPI document of the REST API. */
export function describeRest(routes: readonly RestRoute[]): Record<string, unknown> {
  return describeApi<RestAccess>({
    title: "Overseer GitOps REST API",
    description:
      "Apps, Changes, approvals and repositories, at --api-address of the role api. Every request acts as its user: the API server of the cluster decides what it may read and write.",
    routes,
    securitySchemes: {
      token: {
        type: "http",
        scheme: "bearer",
        description:
          "A token that the API server of the cluster accepts, or one of a ServiceAccount with the audience overseer-gitops.",
      },
      session: {
        type: "apiKey",
        in: "cookie",
        name: "__Host-overseer",
        description:
          "Session of a browser, after the sign-in by OpenID Connect. Counts for requests of the same origin only.",
      },
    },
    describeAccess: (access) =>
      access === "anonymous"
        ? { description: "Needs no authentication.", schemes: [] }
        : {
            description: "Acts as the user, with the permissions of the user in the cluster.",
            schemes: ["token", "session"],
          },
    schemas: {
      AppRow,
      AppList,
      AppDetail,
      ChangeRow,
      ChangeList,
      ChangeDetail,
      Whoami,
      OverseerAppSpec,
      OverseerAppStatus,
      ChangeSpec,
      ChangeStatus,
      RepositoryRow,
      RepositoryList,
      RepositoryDetail,
      GitRepositorySpec,
      GitRepositoryStatus,
      SyncStatus,
      CreatedObject,
      Accepted,
      CoreView,
      CoreList,
      AuditRecordView,
      AuditPage,
    },
  });
}
