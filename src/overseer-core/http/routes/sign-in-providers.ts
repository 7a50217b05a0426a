import { z } from "zod";
import { CoreSignInProvider, CoreSignInProviderWrite } from "../../../api/core/route.js";
import { etagOf } from "../../../http/etag.js";
import { ProblemError } from "../../../http/problem.js";
import { existing } from "../../existing.js";
import { listed } from "../../operations/deploy.js";
import type { Store } from "../../store/store.js";
import { named, type Route, route, withMessage } from "../route.js";

const READERS = ["admin", "reader"] as const;

/** Routes of sign-in providers. */
export function signInProviderRoutes(store: Store): Route[] {
  const mustFind = (id: string) => existing(store.providers.find(id), "sign-in provider", id);
  return [
    route({
      method: "GET",
      path: "/api/sign-in-providers",
      summary: "Lists all sign-in providers, sorted by name.",
      access: READERS,
      responses: { 200: named("providers", z.array(CoreSignInProvider)) },
      handle: () => {
        const etag = store.revisions.listEtag("signInProvider");
        return { status: 200, etag, body: { providers: store.providers.list() } };
      },
    }),
    route({
      method: "GET",
      path: "/api/sign-in-providers/:id",
      summary: "Returns one sign-in provider.",
      access: READERS,
      responses: { 200: named("provider", CoreSignInProvider) },
      handle: ({ params: { id } }) => {
        const provider = mustFind(id);
        return { status: 200, etag: etagOf(provider), body: { provider } };
      },
    }),
    route({
      method: "POST",
      path: "/api/sign-in-providers",
      summary: "Creates a sign-in provider.",
      access: ["admin"],
      body: CoreSignInProviderWrite,
      responses: { 201: withMessage("provider", CoreSignInProvider) },
      handle: ({ body, caller: token }) => {
        const { name, type, issuer } = body;
        if (type === "oidc" && issuer == null) {
          throw new ProblemError("INVALID", "issuer: required for an oidc provider", { field: "issuer" });
        }
        if (store.providers.findByName(name)) {
          throw new ProblemError("CONFLICT", `the sign-in provider ${name} already exists`, { field: "name" });
        }
        const provider = store.providers.create(body);
        const { id } = provider;
        store.audit.record({
          actor: token.name,
          action: "signInProvider.create",
          resourceId: id,
          details: { name, type },
        });
        const [etag, location] = [etagOf(provider), `/api/sign-in-providers/${id}`];
        return { status: 201, etag, location, body: { message: `sign-in provider ${name} created`, provider } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/sign-in-providers/:id",
      summary: "Deletes a sign-in provider that no route uses.",
      access: ["admin"],
      conditional: true,
      responses: { 204: "empty" },
      handle: ({ params: { id }, caller: token, expectRevision }) => {
        const view = mustFind(id);
        expectRevision(view);
        const users = store.routes.behind(view.name).map(({ hostname, path }) => `${hostname}${path}`);
        if (users.length > 0) {
          throw new ProblemError("IN_USE", `${view.name} is used by ${listed(users)}: change these routes first`);
        }
        store.providers.delete(id);
        const details = { name: view.name };
        store.audit.record({ actor: token.name, action: "signInProvider.delete", resourceId: id, details });
        return { status: 204 };
      },
    }),
  ];
}
