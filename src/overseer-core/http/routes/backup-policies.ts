import { z } from "zod";
import { CoreBackupPolicy, CoreBackupPolicyWrite } from "../../../api/core/backup-policy.js";
import { etagOf } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import { scheduleProblem } from "../../operations/backup-schedule.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route, withMessage } from "../route.js";

const READERS = ["admin", "reader"] as const;
const PATH = "/api/backups/policies";

/** Routes of backup policies. */
export function backupPolicyRoutes(store: Store): Route[] {
  return [...readRoutes(store), ...writeRoutes(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: PATH,
      summary: "Lists all backup policies, sorted by name.",
      access: READERS,
      responses: { 200: named("policies", z.array(CoreBackupPolicy)) },
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
      summary: "Returns one backup policy.",
      access: READERS,
      responses: { 200: named("policy", CoreBackupPolicy) },
      handle: ({ params: { id } }) => {
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
      summary: "Creates a backup policy.",
      access: ["admin"],
      body: CoreBackupPolicyWrite,
      responses: { 201: withMessage("policy", CoreBackupPolicy) },
      handle: ({ body, caller: token }) => {
        check(store, body);
        const policy = store.policies.create(body);
        const { id, name } = policy;
        store.audit.record({ actor: token.name, action: "backupPolicy.create", resourceId: id, details: { name } });
        const [etag, location] = [etagOf(policy), `${PATH}/${id}`];
        return { status: 201, etag, location, body: { message: `backup policy ${name} created`, policy } };
      },
    }),
    route({
      method: "PUT",
      path: `${PATH}/:id`,
      summary: "Replaces a backup policy. Does nothing if nothing changes.",
      access: ["admin"],
      conditional: true,
      body: CoreBackupPolicyWrite,
      responses: { 200: withMessage("policy", CoreBackupPolicy) },
      handle: ({ params: { id }, body, caller: token, expectRevision }) => {
        const before = existing(store.policies.find(id), "backup policy", id);
        expectRevision(before);
        check(store, body, id);
        const policy = store.policies.update(before, body);
        const etag = etagOf(policy);
        if (policy.revision === before.revision)
          return { status: 200, etag, body: { message: "nothing changed", policy } };
        const details = { name: policy.name };
        store.audit.record({ actor: token.name, action: "backupPolicy.update", resourceId: id, details });
        return { status: 200, etag, body: { message: `backup policy ${policy.name} updated`, policy } };
      },
    }),
    route({
      method: "DELETE",
      path: `${PATH}/:id`,
      summary: "Deletes a backup policy.",
      access: ["admin"],
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, caller: token, expectRevision }) => {
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

function check(store: Store, { name, appId, schedule, timeZone }: CoreBackupPolicyWrite, id?: string): void {
  const problem = scheduleProblem({ schedule, timeZone: timeZone ?? null });
  if (problem !== undefined) throw new ProblemError("INVALID", problem.message, { field: problem.field });
  const other = store.policies.findByName(name);
  if (other !== undefined && other.id !== id) {
    throw new ProblemError("CONFLICT", `the backup policy ${name} already exists with id ${other.id}`, {
      field: "name",
    });
  }
  if (appId != null && store.apps.find(appId) === undefined) {
    throw new ProblemError("INVALID", `appId: app ${JSON.stringify(appId)} not found`, { field: "appId" });
  }
}
