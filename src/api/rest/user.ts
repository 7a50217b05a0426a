import { z } from "zod";
import { Time } from "./fields.js";

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
