import { z } from "zod";
import { NamespaceParam } from "./fields.js";

const KEY = z.string().regex(/^[-._a-zA-Z0-9]{1,253}$/, "must be a key of a Secret");
/** Number of keys in a request. */
const MAX_KEYS = 100;

/** Values of a Secret that is kept out of Git. */
export const PushedSecretBody = z.strictObject({
  data: z
    .record(
      KEY,
      z
        .string()
        .min(1, "must not be empty")
        .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "must be base64"),
    )
    .refine((data) => Object.keys(data).length > 0, "must have a key")
    .refine((data) => Object.keys(data).length <= MAX_KEYS, `must have at most ${MAX_KEYS} keys`)
    .describe("Values in base64, by key. Other keys of the Secret stay."),
  type: z
    .string()
    .max(253)
    .regex(/^[-a-zA-Z0-9./_]+$/, "must be a type of Secrets")
    .optional()
    .describe("Type of a Secret that does not exist yet. Defaults to Opaque."),
});

/** A Secret that was set. Its values are in no response. */
export const PushedSecret = z
  .object({
    namespace: z.string(),
    name: z.string(),
    keys: z.array(z.string()).describe("The keys that were set."),
    setBy: z.string().describe("The user."),
    setAt: z.string().describe("Time in RFC 3339, in UTC."),
  })
  .describe("A Secret that was set. Its values are in no response.");

/** Query of the Secrets that are kept out of Git. */
export const PushedSecretsQuery = z.strictObject({
  namespace: NamespaceParam.optional().describe("Namespace. Unset for all."),
});

/** The Secrets that are kept out of Git. Their values are not read. */
export const PushedSecrets = z
  .object({
    items: z.array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        setBy: z.string().optional().describe("The user."),
        setAt: z.string().optional().describe("Time in RFC 3339, in UTC."),
      }),
    ),
  })
  .describe("The Secrets that are kept out of Git. Their values are not read.");
export type PushedSecrets = z.infer<typeof PushedSecrets>;
