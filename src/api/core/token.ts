import { z } from "zod";
import { CoreName, coreResource } from "./fields.js";

/**
 * Roles of a token. Values of secrets are returned to an agent that deploys them, and to a `secret-reader`: that reads the values of
 * global secrets and nothing else.
 */
export const TOKEN_ROLES = ["admin", "agent", "reader", "secret-reader"] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** Body of a request that creates a token. */
export const CoreTokenCreate = z.strictObject({
  name: CoreName.describe("Name of the token's user, shown as the actor in the audit log."),
  role: z.enum(TOKEN_ROLES),
  node: CoreName.nullish().describe("Name of the node that an agent's token is limited to."),
});
export type CoreTokenCreate = z.infer<typeof CoreTokenCreate>;

/** A token as a Core returns it. The token itself is returned only once, when it is created. */
export const CoreToken = z
  .object({ ...coreResource, name: z.string(), role: z.enum(TOKEN_ROLES), node: z.string().nullable() })
  .describe("A token and its permissions.");
export type CoreToken = z.infer<typeof CoreToken>;
