import { z } from "zod";
import type { CoreToken, TokenRole } from "../../api/core/token.js";
import { type Route as AnyRoute, routesFor } from "../../http/route.js";

/** Roles that may call a route; `anonymous` means that no token is needed. */
export type CoreAccess = readonly TokenRole[] | "anonymous";

/** A route of the Core. */
export type Route = AnyRoute<CoreAccess, CoreToken>;

/** Declares a route. A handler that changes something and does not wait runs in one transaction, so it must be synchronous. */
export const route = routesFor<CoreAccess, CoreToken>();

/** Schema of a body with a message and one resource. */
export function withMessage<K extends string, S extends z.ZodType>(key: K, schema: S) {
  const fields = { message: z.string().describe("Human-readable description of the result."), [key]: schema };
  return z.object(fields as { message: z.ZodString } & Record<K, S>);
}

/** Schema of a body with one named member. */
export function named<K extends string, S extends z.ZodType>(key: K, schema: S) {
  return z.object({ [key]: schema } as Record<K, S>);
}
