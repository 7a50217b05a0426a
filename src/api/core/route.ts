import { z } from "zod";
import { CoreId, CoreName, coreResource, HostName, Metadata } from "./fields.js";
import { UrlPath, UrlPathPrefix } from "./url-path.js";

/** Middleware between a route and its app. */
export const CoreMiddleware = z
  .object({
    auth: CoreName.optional().describe("Sign-in provider that authenticates visitors. Must exist."),
  })
  .catchall(z.json());
export type CoreMiddleware = z.infer<typeof CoreMiddleware>;

/** Body of a request that creates or replaces a route. */
export const CoreRouteWrite = z.strictObject({
  hostname: HostName,
  path: UrlPath.default("/"),
  target: z
    .string()
    .max(300)
    .regex(/^[^\s:/]+:[0-9]{1,5}$/, "expected service:port"),
  appId: CoreId.nullish().describe("App of the target service. Required with middleware.auth."),
  tls: z.boolean().default(true),
  middleware: CoreMiddleware.default({}),
  metadata: Metadata.default({}),
});
export type CoreRouteWrite = z.infer<typeof CoreRouteWrite>;

/** A route as a Core returns it. */
export const CoreRoute = z
  .object({
    ...coreResource,
    hostname: z.string(),
    path: z.string(),
    target: z.string(),
    appId: z.string().nullable(),
    tls: z.boolean(),
    middleware: CoreMiddleware,
    metadata: Metadata,
    problem: z
      .string()
      .nullable()
      .describe("Why the proxy of the node does not publish the route. Null if it does, or has not reported it."),
  })
  .describe("A route from a host name and path to a service. The pair of host name and path is unique.");
export type CoreRoute = z.infer<typeof CoreRoute>;

/** How a proxy asks whether a visitor is signed in, as a request sets it. */
export const CoreForwardAuthWrite = z
  .strictObject({
    url: z
      .url({ protocol: /^http$/ })
      .refine((url) => new URL(url).username === "" && !/[{}]/.test(url), "expected no user and no { }")
      .describe(
        "Address that responds with 2xx for a signed-in visitor, as seen from the nodes, for example http://127.0.0.1:4180/oauth2/auth.",
      ),
    paths: z
      .array(UrlPathPrefix)
      .max(10)
      .default([])
      .describe("Path prefixes of each host that belong to the sign-in service, for example /oauth2/."),
    headers: z
      .array(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "expected the name of a header"))
      .min(1)
      .max(20)
      .default(["Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email"])
      .describe("Headers that the app gets from the sign-in service, and never from a visitor."),
  })
  .describe("Sign-in service of an oidc provider. Without it, routes with the provider are not published.");

/** How a proxy asks whether a visitor is signed in. Stored paths may be older than the rules for new ones. */
export const CoreForwardAuth = CoreForwardAuthWrite.extend({ paths: z.array(z.string()) });
export type CoreForwardAuth = z.infer<typeof CoreForwardAuth>;

/** Body of a request that creates a sign-in provider. */
export const CoreSignInProviderWrite = z.strictObject({
  name: CoreName,
  type: z
    .enum(["oidc", "simulated"])
    .describe("Type of the provider. simulated denies every visitor and is for tests only."),
  issuer: z.url().nullish().describe("Issuer of an oidc provider."),
  forwardAuth: CoreForwardAuthWrite.nullish(),
});
export type CoreSignInProviderWrite = z.infer<typeof CoreSignInProviderWrite>;

/** A sign-in provider as a Core returns it. */
export const CoreSignInProvider = z
  .object({
    ...coreResource,
    name: z.string(),
    type: z.enum(["oidc", "simulated"]),
    issuer: z.string().nullable(),
    forwardAuth: CoreForwardAuth.nullable(),
  })
  .describe("A provider that authenticates the visitors of a route.");
export type CoreSignInProvider = z.infer<typeof CoreSignInProvider>;

/** A route of an app of a node, with everything that its proxy needs. */
export const CoreNodeRoute = z
  .object({
    id: CoreId,
    hostname: z.string(),
    path: z.string(),
    app: z.string().describe("Name of the app. Empty for a route without app."),
    service: z.string(),
    port: z.int(),
    tls: z.boolean(),
    signIn: CoreSignInProvider.pick({ name: true, type: true, forwardAuth: true })
      .nullable()
      .describe("Sign-in provider. Null for a public route."),
    closed: z
      .string()
      .optional()
      .describe("Why the node must not publish the route, but respond with 503 in its place. Unset for other routes."),
  })
  .describe("A route to an app of a node.");
export type CoreNodeRoute = z.infer<typeof CoreNodeRoute>;
