import { z } from "zod";
import { CoreName, coreResource } from "./fields.js";

/** What a token may do: everything; what an agent needs; read. None of them reads a secret value, but an agent's own. */
export const TOKEN_ROLES = ["admin", "agent", "reader"] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

/** What makes a token. */
export const CoreTokenCreate = z.strictObject({
  name: CoreName.describe("Who uses it: this is the actor in the audit log."),
  role: z.enum(TOKEN_ROLES),
  node: CoreName.nullish().describe("Name of the only node that an agent's token may register and act for."),
});
export type CoreTokenCreate = z.infer<typeof CoreTokenCreate>;

/** A token as a Core shows it: the token itself is shown once, when it is made. */
export const CoreToken = z
  .object({ ...coreResource, name: z.string(), role: z.enum(TOKEN_ROLES), node: z.string().nullable() })
  .describe("Who may do what.");
export type CoreToken = z.infer<typeof CoreToken>;
