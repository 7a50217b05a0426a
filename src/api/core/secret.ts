import { z } from "zod";
import { CoreId, coreResource } from "./fields.js";

/** Scopes of a secret. */
export const SECRET_SCOPES = ["global", "app", "node"] as const;

/** Name of a secret, as in `${SECRET:name}`. */
export const CoreSecretName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, "expected letters, digits, and - . _ between them");

const fields = {
  description: z.string().max(1024).nullish(),
  value: z
    .string()
    .max(64 * 1024)
    .describe("Value. Stored encrypted, and returned only to an agent that deploys it."),
};

/** Body of a request that creates a secret. */
export const CoreSecretCreate = z.strictObject({
  name: CoreSecretName,
  scope: z.enum(SECRET_SCOPES).default("global"),
  scopeId: CoreId.nullish().describe("ID of the app or node of the scope."),
  ...fields,
});
export type CoreSecretCreate = z.infer<typeof CoreSecretCreate>;

/** Body of a request that updates a secret. */
export const CoreSecretUpdate = z.strictObject({ ...fields, value: fields.value.optional() });
export type CoreSecretUpdate = z.infer<typeof CoreSecretUpdate>;

/** A secret as a Core returns it, without its value. The triple of name, scope and scopeId is unique. */
export const CoreSecret = z
  .object({
    ...coreResource,
    name: z.string(),
    scope: z.enum(SECRET_SCOPES),
    scopeId: z.string().nullable(),
    description: z.string().nullable(),
    valueChangedAt: z.string().describe("Time when the value was last changed."),
  })
  .describe("A secret, without its value.");
export type CoreSecret = z.infer<typeof CoreSecret>;
