import { z } from "zod";
import { CAN_I_RESOURCES } from "./can-i-resources.js";
import { NameParam, NamespaceParam, Time } from "./fields.js";

/** The user of a request. */
export const Whoami = z
  .object({
    name: z.string().describe("User name, as in kubectl auth whoami."),
    groups: z.array(z.string()),
    signedInBy: z
      .enum(["token", "session"])
      .describe("How the request was authenticated: a bearer token, or a session cookie."),
    expires: Time.optional().describe("Time at which the token or session expires, if it is known."),
    version: z.string().describe("Version of the operator."),
  })
  .describe("The user of the request.");
export type Whoami = z.infer<typeof Whoami>;

/** A question about a permission. */
export const CanIQuery = z.strictObject({
  verb: z
    .string()
    .max(63)
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .describe("Verb of RBAC, for example get, create, sync, rollback, promote, approve or break-glass."),
  resource: z.enum(Object.keys(CAN_I_RESOURCES) as [keyof typeof CAN_I_RESOURCES]).describe("Kind of the object."),
  namespace: NamespaceParam.optional().describe("Namespace. Unset for all namespaces."),
  name: NameParam.optional().describe("Name of the object. Unset for all objects."),
});

/** Whether the user has a permission. */
export const CanI = z
  .object({
    allowed: z.boolean(),
    reason: z.string().optional().describe("Why, if the API server gives a reason."),
  })
  .describe("Whether the user has a permission, as the API server decides.");
export type CanI = z.infer<typeof CanI>;
