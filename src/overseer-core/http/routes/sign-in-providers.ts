import { z } from "zod";
import { CoreSignInProvider, CoreSignInProviderWrite } from "../../../api/core/route.js";
import { existing, Fault } from "../../fault.js";
import { listed } from "../../operations/deploy.js";
import type { Store } from "../../store/store.js";
import { etagOf } from "../etag.js";
import { type Route, route } from "../route.js";
import { named, withMessage } from "../views.js";

const READERS = ["admin", "reader"] as const;

/** Sign-in providers. */
export function signInProviderRoutes(store: Store): Route[] {
  const mustFind = (id: string) => existing(store.providers.find(id), "sign-in provider", id);
  return [
    route({
      method: "GET",
      path: "/api/sign-in-providers",
      summary: "All sign-in providers, by name.",
      roles: READERS,
      answers: { 200: named("providers", z.array(CoreSignInProvider)) },
      handle: () => {
        const etag = store.revisions.listEtag("signInProvider");
        return { status: 200, etag, body: { providers: store.providers.list() } };
      },
    }),
    route({
      method: "GET",
      path: "/api/sign-in-providers/:id",
      summary: "One sign-in provider.",
      roles: READERS,
      answers: { 200: named("provider", CoreSignInProvider) },
      handle: ({ id }) => {
        const provider = mustFind(id);
        return { status: 200, etag: etagOf(provider), body: { provider } };
      },
    }),
    route({
      method: "POST",
      path: "/api/sign-in-providers",
      summary: "Makes a sign-in provider.",
      roles: ["admin"],
      body: CoreSignInProviderWrite,
      answers: { 201: withMessage("provider", CoreSignInProvider) },
      handle: ({ body, token }) => {
        const { name, type, issuer } = body;
        if (type === "oidc" && issuer == null) {
          throw new Fault("INVALID", "issuer: an oidc provider needs one", { field: "issuer" });
        }
        if (store.providers.findByName(name)) {
          throw new Fault("CONFLICT", `the sign-in provider ${name} is there already`, { field: "name" });
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
        return { status: 201, etag, location, body: { message: `sign-in provider ${name} was made`, provider } };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/sign-in-providers/:id",
      summary: "Deletes a sign-in provider that no route asks for.",
      roles: ["admin"],
      conditional: true,
      answers: { 204: "empty" },
      handle: ({ id, token, expectRevision }) => {
        const view = mustFind(id);
        expectRevision(view);
        const users = store.routes.behind(view.name).map(({ hostname, path }) => `${hostname}${path}`);
        if (users.length > 0) {
          throw new Fault(
            "IN_USE",
            `${view.name} signs in the visitors of ${listed(users)}: change these routes first`,
          );
        }
        store.providers.delete(id);
        const details = { name: view.name };
        store.audit.record({ actor: token.name, action: "signInProvider.delete", resourceId: id, details });
        return { status: 204 };
      },
    }),
  ];
}
