import { type ApiDescription, describeApi } from "../http/openapi.js";
import { type Route as AnyRoute, routesFor } from "../http/route.js";

/** Who may call a route: everyone, or those whose request is signed, which the handler verifies. */
export type ServerAccess = "anonymous" | "signed";

/** A route of the operator's server. */
export type Route = AnyRoute<ServerAccess, undefined>;

/** Declares a route of the operator's server. */
export const route = routesFor<ServerAccess, undefined>();

const SIGNATURES: ApiDescription<ServerAccess>["securitySchemes"] = {
  signature: {
    type: "apiKey",
    in: "header",
    name: "x-hub-signature-256",
    description: "HMAC-SHA256 of the body with the token of the webhook. Headers of other Git hosts are accepted too.",
  },
};

/** Returns the OpenAPI document of the operator's server. */
export function describeServer(routes: readonly Route[]): Record<string, unknown> {
  return describeApi<ServerAccess>({
    title: "Overseer GitOps",
    description: "The HTTP API of the operator: webhooks at --server-address, probes and metrics at --metrics-address.",
    routes,
    securitySchemes: SIGNATURES,
    describeAccess: (access) =>
      access === "anonymous"
        ? { description: "Needs no authentication.", schemes: [] }
        : { description: "The request must be signed.", schemes: ["signature"] },
    schemas: {},
  });
}
