import { z } from "zod";
import { CoreToken, CoreTokenCreate } from "../../../api/core/token.js";
import { etagOf } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route } from "../route.js";

const ADMIN = ["admin"] as const;

/** Routes of tokens. */
export function tokenRoutes(store: Store): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/tokens",
      summary: "Lists all tokens, sorted by name, without their values.",
      access: ADMIN,
      responses: { 200: named("tokens", z.array(CoreToken)) },
      handle: () => ({ status: 200, etag: store.revisions.listEtag("token"), body: { tokens: store.tokens.list() } }),
    }),
    route({
      method: "GET",
      path: "/api/tokens/:id",
      summary: "Returns one token, without its value.",
      access: ADMIN,
      responses: { 200: named("token", CoreToken) },
      handle: ({ params: { id } }) => {
        const token = existing(store.tokens.find(id), "token", id);
        return { status: 200, etag: etagOf(token), body: { token } };
      },
    }),
    route({
      method: "POST",
      path: "/api/tokens",
      summary: "Creates a token. Its value is returned only in this response.",
      access: ADMIN,
      body: CoreTokenCreate,
      responses: {
        201: z.object({ message: z.string(), token: CoreToken, value: z.string() }).describe("A new token."),
      },
      handle: ({ body, caller: actor }) => {
        const { name, role, node } = body;
        if (node != null && role !== "agent") {
          throw new ProblemError("INVALID", "node: allowed only for a token of role agent", { field: "node" });
        }
        if (store.tokens.findByName(name)) {
          throw new ProblemError("CONFLICT", `the token ${name} already exists`, { field: "name" });
        }
        const { token, value } = store.tokens.create(body);
        const { id } = token;
        store.audit.record({ actor: actor.name, action: "token.create", resourceId: id, details: { name, role } });
        const [etag, location] = [etagOf(token), `/api/tokens/${id}`];
        const message = `token ${name} created: save its value, which is not shown again`;
        return { status: 201, etag, location, body: { message, token, value } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/tokens/:id",
      summary: "Deletes a token, which revokes it at once. The last token of role admin cannot be deleted.",
      access: ADMIN,
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, caller: actor, expectRevision }) => {
        const view = existing(store.tokens.find(id), "token", id);
        expectRevision(view);
        if (view.role === "admin" && store.tokens.list().filter(({ role }) => role === "admin").length === 1) {
          throw new ProblemError("IN_USE", `${view.name} is the last token of role admin: create another one first`);
        }
        store.tokens.delete(id);
        store.audit.record({ actor: actor.name, action: "token.delete", resourceId: id, details: { name: view.name } });
        return { status: 204 };
      },
    }),
  ];
}
