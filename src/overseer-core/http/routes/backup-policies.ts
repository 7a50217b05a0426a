import { z } from "zod";
import { CoreBackupPolicy, CoreBackupPolicyWrite } from "../../../api/core/backup-policy.js";
import { existing, Fault } from "../../fault.js";
import type { Store } from "../../store/store.js";
import { etagOf } from "../etag.js";
import { type Route, route } from "../route.js";
import { named, withMessage } from "../views.js";

const READERS = ["admin", "reader"] as const;
const PATH = "/api/backups/policies";

/** Backup policies. */
export function backupPolicyRoutes(store: Store): Route[] {
  return [...readRoutes(store), ...writeRoutes(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: PATH,
      summary: "All backup policies, by name.",
      roles: READERS,
      answers: { 200: named("policies", z.array(CoreBackupPolicy)) },
      handle: () => {
        return {
          status: 200,
          etag: store.revisions.listEtag("backupPolicy"),
          body: { policies: store.policies.list() },
        };
      },
    }),
    route({
      method: "GET",
      path: `${PATH}/:id`,
      summary: "One backup policy.",
      roles: READERS,
      answers: { 200: named("policy", CoreBackupPolicy) },
      handle: ({ id }) => {
        const policy = existing(store.policies.find(id), "backup policy", id);
        return { status: 200, etag: etagOf(policy), body: { policy } };
      },
    }),
  ];
}

function writeRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: PATH,
      summary: "Makes a backup policy.",
      roles: ["admin"],
      body: CoreBackupPolicyWrite,
      answers: { 201: withMessage("policy", CoreBackupPolicy) },
      handle: ({ body, token }) => {
        check(store, body);
        const policy = store.policies.create(body);
        const { id, name } = policy;
        store.audit.record({ actor: token.name, action: "backupPolicy.create", resourceId: id, details: { name } });
        const [etag, location] = [etagOf(policy), `${PATH}/${id}`];
        return { status: 201, etag, location, body: { message: `backup policy ${name} was made`, policy } };
      },
    }),
    route({
      method: "PUT",
      path: `${PATH}/:id`,
      summary: "Replaces a backup policy. Nothing is written if nothing changes.",
      roles: ["admin"],
      conditional: true,
      body: CoreBackupPolicyWrite,
      answers: { 200: withMessage("policy", CoreBackupPolicy) },
      handle: ({ id, body, token, expectRevision }) => {
        const before = existing(store.policies.find(id), "backup policy", id);
        expectRevision(before);
        check(store, body, id);
        const policy = store.policies.update(before, body);
        const etag = etagOf(policy);
        if (policy.revision === before.revision)
          return { status: 200, etag, body: { message: "nothing changed", policy } };
        const details = { name: policy.name };
        store.audit.record({ actor: token.name, action: "backupPolicy.update", resourceId: id, details });
        return { status: 200, etag, body: { message: `backup policy ${policy.name} was changed`, policy } };
      },
    }),
    route({
      method: "DELETE",
      path: `${PATH}/:id`,
      summary: "Deletes a backup policy.",
      roles: ["admin"],
      conditional: true,
      answers: { 204: "empty" },
      handle: ({ id, token, expectRevision }) => {
        const view = existing(store.policies.find(id), "backup policy", id);
        expectRevision(view);
        store.policies.delete(id);
        const details = { name: view.name };
        store.audit.record({ actor: token.name, action: "backupPolicy.delete", resourceId: id, details });
        return { status: 204 };
      },
    }),
  ];
}

function check(store: Store, { name, appId }: CoreBackupPolicyWrite, id?: string): void {
  const holder = store.policies.findByName(name);
  if (holder !== undefined && holder.id !== id) {
    throw new Fault("CONFLICT", `the backup policy ${name} is there already: ${holder.id}`, { field: "name" });
  }
  if (appId != null && store.apps.find(appId) === undefined) {
    throw new Fault("INVALID", `appId: there is no app ${JSON.stringify(appId)}`, { field: "appId" });
  }
}
