import { z } from "zod";
import { CoreName, HostName, UrlPath } from "../core/fields.js";
import { DOCUMENT_API_VERSION, DocumentMetadata, DocumentName } from "./metadata.js";

/** A route by itself, for an app that may be in another source. */
export const RouteDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("Route"),
    metadata: DocumentMetadata,
    spec: z
      .strictObject({
        app: DocumentName.describe("App that it leads to."),
        host: HostName.describe("Host name."),
        path: UrlPath.default("/").describe("Path that requests begin with."),
        service: z.string().min(1).max(253).describe("Service of the app's Compose document."),
        port: z.int().min(1).max(65535).describe("Port that the service listens on."),
        tls: z.boolean().default(true).describe("Serve over HTTPS."),
        auth: CoreName.optional().describe(
          "Sign-in provider that visitors must use. If unset, no sign-in is required.",
        ),
      })
      .describe("The route."),
  })
  .describe("A way from a host name to a service of an app.");
export type RouteDocument = z.infer<typeof RouteDocument>;
