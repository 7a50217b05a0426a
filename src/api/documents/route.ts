import { z } from "zod";
import { CoreName, HostName } from "../core/fields.js";
import { UrlPath } from "../core/url-path.js";
import { DOCUMENT_API_VERSION, DocumentMetadata, DocumentName } from "./metadata.js";

/** A separate route, for an app that may be in another source. */
export const RouteDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("Route"),
    metadata: DocumentMetadata,
    spec: z
      .strictObject({
        app: DocumentName.describe("App that the route leads to."),
        host: HostName.describe("Host name."),
        path: UrlPath.default("/").describe("Path prefix of the requests. Defaults to /."),
        service: z.string().min(1).max(253).describe("Service of the app's Compose document."),
        port: z.int().min(1).max(65535).describe("Port that the service listens on."),
        tls: z.boolean().default(true).describe("Serve over HTTPS. Defaults to true."),
        auth: CoreName.optional().describe(
          "Sign-in provider that authenticates visitors. If unset, the route is public.",
        ),
      })
      .describe("Spec of the route."),
  })
  .describe("A route from a host name to a service of an app.");
export type RouteDocument = z.infer<typeof RouteDocument>;
