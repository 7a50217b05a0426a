import { z } from "zod";
import {
  CoreApp,
  CoreAppCreate,
  CoreAppUpdate,
  CoreAppVersion,
  CoreDeployRequest,
  CoreRollbackRequest,
} from "../../../api/core/app.js";
import { CoreBackupRequest, CoreRestoreRequest } from "../../../api/core/app-backup.js";
import { CoreJob } from "../../../api/core/job.js";
import type { CoreToken } from "../../../api/core/token.js";
import { etagOf } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import { readCompose } from "../../operations/compose.js";
import { createBackup, createRestore } from "../../operations/data-jobs.js";
import { deleteApp, deploy, rollback } from "../../operations/deploy.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route, withMessage } from "../route.js";

const ADMIN = ["admin"] as const;
const READERS = ["admin", "reader"] as const;

/** Routes of apps, their versions and deployments. */
export function appRoutes(store: Store): Route[] {
  return [...readRoutes(store), ...writeRoutes(store), ...deployRoutes(store), ...dataRoutes(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/apps",
      summary: "Lists all apps, sorted by name.",
      access: READERS,
      responses: { 200: named("apps", z.array(CoreApp)) },
      handle: () => ({ status: 200, etag: store.revisions.listEtag("app"), body: { apps: store.apps.list() } }),
    }),
    route({
      method: "GET",
      path: "/api/apps/:id",
      summary: "Returns one app.",
      access: READERS,
      responses: { 200: named("app", CoreApp) },
      handle: ({ params: { id } }) => {
        const app = mustFind(store, id);
        return { status: 200, etag: etagOf(app), body: { app } };
      },
    }),
    route({
      method: "GET",
      path: "/api/apps/:id/versions",
      summary: "Lists the stored versions of an app, newest first.",
      access: READERS,
      responses: { 200: named("versions", z.array(CoreAppVersion)) },
      handle: ({ params: { id } }) => {
        mustFind(store, id);
        return { status: 200, body: { versions: store.apps.versions(id) } };
      },
    }),
  ];
}

function writeRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/apps",
      summary: "Creates an app without deploying it.",
      access: ADMIN,
      body: CoreAppCreate,
      responses: { 201: withMessage("app", CoreApp) },
      handle: ({ body, caller: token }) => {
        check(store, body);
        const other = store.apps.findByName(body.name);
        if (other)
          throw new ProblemError("CONFLICT", `the app ${body.name} already exists with id ${other.id}`, {
            field: "name",
          });
        const app = store.apps.create(body);
        store.audit.record({
          actor: token.name,
          action: "app.create",
          resourceId: app.id,
          details: { name: app.name },
        });
        const message = `app ${app.name} created; it is not deployed yet`;
        const etag = etagOf(app);
        return { status: 201, etag, location: `/api/apps/${app.id}`, body: { message, app } };
      },
    }),
    route({
      method: "PUT",
      path: "/api/apps/:id",
      summary: "Replaces all fields of an app except its name. Does nothing if nothing changes.",
      access: ADMIN,
      conditional: true,
      body: CoreAppUpdate,
      responses: { 200: withMessage("app", CoreApp) },
      handle: ({ params: { id }, body, caller: token, expectRevision }) => {
        const before = mustFind(store, id);
        expectRevision(before);
        check(store, body);
        const app = store.apps.update(before, body);
        const etag = etagOf(app);
        if (app.revision === before.revision) return { status: 200, etag, body: { message: "nothing changed", app } };
        const details = { name: app.name, version: app.version };
        store.audit.record({ actor: token.name, action: "app.update", resourceId: id, details });
        return { status: 200, etag, body: { message: `app ${app.name} updated to version ${app.version}`, app } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/apps/:id",
      summary: "Deletes an app that nothing refers to, and removes it from its node. Named volumes stay on the node.",
      access: ADMIN,
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, caller: token, expectRevision }) => {
        const app = mustFind(store, id);
        expectRevision(app);
        deleteApp(store, app);
        store.audit.record({ actor: token.name, action: "app.delete", resourceId: id, details: { name: app.name } });
        return { status: 204 };
      },
    }),
  ];
}

function deployRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/apps/:id/deploy",
      summary: "Deploys the newest version to the app's node. While a deployment is in progress, returns its job.",
      access: ADMIN,
      conditional: true,
      body: CoreDeployRequest,
      responses: { 202: withMessage("job", CoreJob) },
      handle: ({ params: { id }, body: { leaveData }, caller: token, expectRevision }) => {
        const before = mustFind(store, id);
        expectRevision(before);
        return jobReply(store, deploy(store, before, { leaveData }), token, "app.deploy");
      },
    }),
    route({
      method: "POST",
      path: "/api/apps/:id/rollback",
      summary: "Creates a new version from an earlier one, and deploys it.",
      access: ADMIN,
      conditional: true,
      body: CoreRollbackRequest,
      responses: { 202: withMessage("job", CoreJob) },
      handle: ({ params: { id }, body, caller: token, expectRevision }) => {
        const before = mustFind(store, id);
        expectRevision(before);
        return jobReply(store, rollback(store, before, body.version).job, token, "app.rollback");
      },
    }),
  ];
}

function dataRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/apps/:id/backup",
      summary: "Backs up the data of an app now. Its policy, if there is one, says how, and how long backups are kept.",
      access: ADMIN,
      body: CoreBackupRequest,
      responses: { 202: withMessage("job", CoreJob) },
      handle: ({ params: { id }, caller: token }) => {
        const job = createBackup(store, mustFind(store, id));
        store.audit.record({ actor: token.name, action: "app.backup", resourceId: id, details: { job: job.id } });
        return { status: 202, body: { message: `backup of ${job.payload.app} started`, job } };
      },
    }),
    route({
      method: "POST",
      path: "/api/apps/:id/restore",
      summary: "Replaces the data of an app by that of a backup. What was written since then is lost.",
      access: ADMIN,
      body: CoreRestoreRequest,
      responses: { 202: withMessage("job", CoreJob) },
      handle: ({ params: { id }, body: { snapshot }, caller: token }) => {
        const job = createRestore(store, mustFind(store, id), snapshot);
        const details = { job: job.id, snapshot };
        store.audit.record({ actor: token.name, action: "app.restore", resourceId: id, details });
        return { status: 202, body: { message: `restore of ${job.payload.app} from ${snapshot} started`, job } };
      },
    }),
  ];
}

function jobReply(store: Store, job: CoreJob, token: CoreToken, action: string) {
  const { app, version } = job.payload;
  const node = existing(store.nodes.find(job.nodeId ?? ""), "node", job.nodeId ?? "");
  const details = { app, version, job: job.id };
  store.audit.record({ actor: token.name, action, resourceId: job.appId, details });
  const message = `deploying version ${version} of ${app} to node ${node.name} (runner: ${node.runner})`;
  const etag = etagOf(job, store.jobs.logs.next(job.id));
  return { status: 202, etag, location: `/api/jobs/${job.id}`, body: { message, job } } as const;
}

function check(store: Store, { compose, nodeId }: CoreAppUpdate): void {
  readCompose(compose);
  if (nodeId != null && store.nodes.find(nodeId) === undefined) {
    throw new ProblemError("INVALID", `nodeId: node ${JSON.stringify(nodeId)} not found`, { field: "nodeId" });
  }
}

function mustFind(store: Store, id: string): CoreApp {
  return existing(store.apps.find(id), "app", id);
}
