import { z } from "zod";
import { isSystemSecret, unsupportedBackupSecret } from "../../../api/core/app-backup.js";
import { ownerOfEnvFileSecret } from "../../../api/core/env-file-secret.js";
import { CoreSecret, CoreSecretCreate, CoreSecretUpdate } from "../../../api/core/secret.js";
import type { CoreToken } from "../../../api/core/token.js";
import { etagOf } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import { usableSecrets } from "../../operations/secret-access.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route, withMessage } from "../route.js";

const ADMIN = ["admin"] as const;
const READERS = ["admin", "reader"] as const;
/** `secret-reader` finds secrets by name. */
const LISTERS = [...READERS, "secret-reader"] as const;

/** Routes of secrets. Values are returned only to the agent of a job that needs them. */
export function secretRoutes(store: Store): Route[] {
  return [...readRoutes(store), ...writeRoutes(store), valueRoute(store)];
}

function readRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/secrets",
      summary: "Lists all secrets, sorted by name, without their values.",
      access: LISTERS,
      responses: { 200: named("secrets", z.array(CoreSecret)) },
      handle: () => ({
        status: 200,
        etag: store.revisions.listEtag("secret"),
        body: { secrets: store.secrets.list() },
      }),
    }),
    route({
      method: "GET",
      path: "/api/secrets/:id",
      summary: "Returns one secret, without its value.",
      access: READERS,
      responses: { 200: named("secret", CoreSecret) },
      handle: ({ params: { id } }) => {
        const secret = existing(store.secrets.find(id), "secret", id);
        return { status: 200, etag: etagOf(secret), body: { secret } };
      },
    }),
  ];
}

function writeRoutes(store: Store): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/secrets",
      summary: "Creates a secret. Its value is stored encrypted.",
      access: ADMIN,
      body: CoreSecretCreate,
      responses: { 201: withMessage("secret", CoreSecret) },
      handle: ({ body, caller: token }) => {
        checkScope(store, body);
        const { name, scope } = body;
        const unsupported = unsupportedBackupSecret(name);
        if (unsupported !== undefined) throw new ProblemError("INVALID", unsupported, { field: "name" });
        if (store.secrets.at(name, scope, body.scopeId ?? null)) {
          throw new ProblemError("CONFLICT", `the secret ${name} already exists in this scope`, { field: "name" });
        }
        const secret = store.secrets.create(body);
        const { id } = secret;
        store.audit.record({ actor: token.name, action: "secret.create", resourceId: id, details: { name, scope } });
        const [etag, location] = [etagOf(secret), `/api/secrets/${id}`];
        return { status: 201, etag, location, body: { message: `secret ${name} created`, secret } };
      },
    }),
    route({
      method: "PUT",
      path: "/api/secrets/:id",
      summary:
        "Updates the description of a secret, and its value if set. Apps use the new value after their next deployment.",
      access: ADMIN,
      conditional: true,
      body: CoreSecretUpdate,
      responses: { 200: withMessage("secret", CoreSecret) },
      handle: ({ params: { id }, body, caller: token, expectRevision }) => {
        const before = existing(store.secrets.find(id), "secret", id);
        expectRevision(before);
        const secret = store.secrets.update(id, body);
        const etag = etagOf(secret);
        if (secret.revision === before.revision)
          return { status: 200, etag, body: { message: "nothing changed", secret } };
        const details = { name: secret.name, scope: secret.scope };
        store.audit.record({ actor: token.name, action: "secret.update", resourceId: id, details });
        return { status: 200, etag, body: { message: `secret ${secret.name} updated`, secret } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/secrets/:id",
      summary: "Deletes a secret.",
      access: ADMIN,
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, caller: token, expectRevision }) => {
        const view = existing(store.secrets.find(id), "secret", id);
        expectRevision(view);
        store.secrets.delete(id);
        const details = { name: view.name, scope: view.scope };
        store.audit.record({ actor: token.name, action: "secret.delete", resourceId: id, details });
        return { status: 204 };
      },
    }),
  ];
}

function valueRoute(store: Store): Route {
  return route({
    method: "POST",
    path: "/api/secrets/:id/value",
    summary:
      "Returns the value of a secret to an agent with a running job that refers to it, or that of a global secret, except those for backups and registries, to a secret-reader.",
    access: ["agent", "secret-reader"],
    responses: { 200: named("value", z.string()) },
    handle: ({ params: { id }, caller: token }) => {
      const secret = existing(store.secrets.find(id), "secret", id);
      const { name, scope } = secret;
      const job = token.role === "agent" ? jobThatNeeds(store, token, id) : undefined;
      if (token.role === "agent" && job === undefined) {
        throw new ProblemError("FORBIDDEN", `the token ${token.name} has no running job that refers to this secret`);
      }
      if (token.role !== "agent" && scope !== "global")
        throw new ProblemError(
          "FORBIDDEN",
          `the secret ${name} has the scope ${scope}: a secret-reader reads global secrets only`,
        );
      if (token.role !== "agent" && isSystemSecret(name))
        throw new ProblemError(
          "FORBIDDEN",
          `the secret ${name} is for backups or registries, and its value is returned to agents only: store what apps use under another name`,
        );
      if (token.role !== "agent" && ownerOfEnvFileSecret(name) !== undefined)
        throw new ProblemError(
          "FORBIDDEN",
          `the secret ${name} is of an encrypted env_file, and its value is returned to the agent of its app only: store what others use under another name`,
        );
      const details = { name, scope, ...(job === undefined ? {} : { job }) };
      store.audit.record({ actor: token.name, action: "secret.read", resourceId: id, details });
      return { status: 200, body: { value: store.secrets.value(id) } };
    },
  });
}

/** Returns the id of a running job, on a node of this token, that may read the secret. */
function jobThatNeeds(store: Store, token: CoreToken, secretId: string): string | undefined {
  const jobs = store.nodes.idsOfToken(token.id).flatMap((nodeId) => store.jobs.runningOn(nodeId));
  return jobs.find((job) => usableSecrets(store, job).some(({ id }) => id === secretId))?.id;
}

function checkScope(store: Store, { scope, scopeId }: CoreSecretCreate): void {
  if (scope === "global") {
    if (scopeId != null)
      throw new ProblemError("INVALID", "scopeId: must not be set for a global secret", { field: "scopeId" });
    return;
  }
  const known = scopeId != null && (scope === "app" ? store.apps.find(scopeId) : store.nodes.find(scopeId));
  if (!known)
    throw new ProblemError("INVALID", `scopeId: expected the id of an existing ${scope}`, { field: "scopeId" });
}
