import { z } from "zod";
import { nothingHere } from "../../../http/problem.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { endedSessionCookies } from "../session/cookies.js";
import { CALLBACK_PATH } from "../session/oidc.js";

const SignInOptions = z.object({
  oidc: z
    .object({
      name: z.string().optional().describe("Name of the issuer."),
      cli: z
        .object({ issuer: z.string(), clientId: z.string(), scopes: z.string() })
        .optional()
        .describe("How overseer login signs in at the issuer: the client and its scopes."),
    })
    .optional()
    .describe("Users can sign in at an issuer of OpenID Connect, at /api/gitops/sign-in/oidc."),
});

/** Routes of sessions. */
export function signInRoutes({ sessions }: Pick<RestParts, "sessions">): RestRoute[] {
  return [
    restRoute({
      method: "GET",
      path: "/api/gitops/sign-in",
      summary: "Returns how users can sign in, besides by a token.",
      access: "anonymous",
      responses: { 200: SignInOptions },
      handle: () => {
        if (sessions === undefined) return { status: 200, body: {} };
        const { issuerName: name, forCli: cli } = sessions;
        const oidc = { ...(name === undefined ? {} : { name }), ...(cli === undefined ? {} : { cli }) };
        return { status: 200, body: { oidc } };
      },
    }),
    restRoute({
      method: "GET",
      path: "/api/gitops/sign-in/oidc",
      summary: "Redirects a browser to the issuer of OpenID Connect.",
      access: "anonymous",
      query: z.object({ returnTo: z.unknown().describe("Path of the web UI to return to. Defaults to /.") }),
      responses: { 302: "empty" },
      handle: async ({ query: { returnTo } }) => {
        if (sessions === undefined) throw nothingHere();
        return { status: 302, ...(await sessions.begin(returnTo)) };
      },
    }),
    restRoute({
      method: "GET",
      path: CALLBACK_PATH,
      summary: "Redirect URI of the issuer: begins a session.",
      access: "anonymous",
      query: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
      responses: { 302: "empty" },
      handle: async ({ query, headers }) => {
        if (sessions === undefined) throw nothingHere();
        const parameters = Object.entries(query).flatMap(([name, value]) =>
          [value].flat().map((one): [string, string] => [name, one]),
        );
        return { status: 302, ...(await sessions.finish(new URLSearchParams(parameters), headers)) };
      },
    }),
    restRoute({
      method: "DELETE",
      path: "/api/gitops/session",
      summary: "Ends the session of the browser. Needs no session, so that nothing keeps a user from leaving.",
      // It only deletes cookies of the browser that asks; other sites cannot send a DELETE, which browsers ask about first.
      access: "anonymous",
      responses: { 204: "empty" },
      handle: () => ({ status: 204, cookies: endedSessionCookies() }),
    }),
  ];
}
