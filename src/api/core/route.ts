import { z } from "zod";
import { CoreId, CoreName, coreResource, HostName, Metadata, UrlPath } from "./fields.js";

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
  appId: CoreId.nullish().describe("App of the target service."),
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
  })
  .describe("A route from a host name and path to a service. The pair of host name and path is unique.");
export type CoreRoute = z.infer<typeof CoreRoute>;

/** Body of a request that creates a sign-in provider. */
export const CoreSignInProviderWrite = z.strictObject({
  name: CoreName,
  type: z
    .enum(["oidc", "simulated"])
    .describe("Type of the provider. simulated denies every visitor and is for tests only."),
  issuer: z.url().nullish().describe("Issuer of an oidc provider."),
});
export type CoreSignInProviderWrite = z.infer<typeof CoreSignInProviderWrite>;

/** A sign-in provider as a Core returns it. */
export const CoreSignInProvider = z
  .object({
    ...coreResource,
    name: z.string(),
    type: z.enum(["oidc", "simulated"]),
    issuer: z.string().nullable(),
  })
  .describe("A provider that authenticates the visitors of a route.");
export type CoreSignInProvider = z.infer<typeof CoreSignInProvider>;
