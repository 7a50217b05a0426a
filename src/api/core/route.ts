import { z } from "zod";
import { CoreId, CoreName, coreResource, HostName, Metadata, UrlPath } from "./fields.js";

/** What happens to a request before it reaches the app. */
export const CoreMiddleware = z
  .object({
    auth: CoreName.optional().describe("Sign-in provider that a visitor must pass. It has to exist."),
  })
  .catchall(z.json());
export type CoreMiddleware = z.infer<typeof CoreMiddleware>;

/** What a route is made or replaced with. */
export const CoreRouteWrite = z.strictObject({
  hostname: HostName,
  path: UrlPath.default("/"),
  target: z
    .string()
    .max(300)
    .regex(/^[^\s:/]+:[0-9]{1,5}$/, "expected service:port"),
  appId: CoreId.nullish().describe("App whose service the target is."),
  tls: z.boolean().default(true),
  middleware: CoreMiddleware.default({}),
  metadata: Metadata.default({}),
});
export type CoreRouteWrite = z.infer<typeof CoreRouteWrite>;

/** A route as a Core shows it. */
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
  .describe("Which host name and path lead to which service. Host name and path are unique together.");
export type CoreRoute = z.infer<typeof CoreRoute>;

/** What a sign-in provider is made with. */
export const CoreSignInProviderWrite = z.strictObject({
  name: CoreName,
  type: z.enum(["oidc", "simulated"]).describe("simulated: lets nobody in and is for trying things out."),
  issuer: z.url().nullish().describe("Issuer of an oidc provider."),
});
export type CoreSignInProviderWrite = z.infer<typeof CoreSignInProviderWrite>;

/** Who signs visitors in. */
export const CoreSignInProvider = z
  .object({
    ...coreResource,
    name: z.string(),
    type: z.enum(["oidc", "simulated"]),
    issuer: z.string().nullable(),
  })
  .describe("Who signs the visitors of a route in.");
export type CoreSignInProvider = z.infer<typeof CoreSignInProvider>;
