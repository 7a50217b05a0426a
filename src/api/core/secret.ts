import { z } from "zod";
import { CoreId, coreResource } from "./fields.js";

/** Whom a secret is for. */
export const SECRET_SCOPES = ["global", "app", "node"] as const;

/** Name of a secret, as `${SECRET:name}` refers to it. */
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
    .describe("Kept encrypted, and never shown but to an agent that deploys."),
};

/** What makes a secret. */
export const CoreSecretCreate = z.strictObject({
  name: CoreSecretName,
  scope: z.enum(SECRET_SCOPES).default("global"),
  scopeId: CoreId.nullish().describe("The app or node of the scope."),
  ...fields,
});
export type CoreSecretCreate = z.infer<typeof CoreSecretCreate>;

/** What a secret becomes. */
export const CoreSecretUpdate = z.strictObject({ ...fields, value: fields.value.optional() });
export type CoreSecretUpdate = z.infer<typeof CoreSecretUpdate>;

/** A secret as a Core shows it: never its value. Name, scope and scopeId are unique together. */
export const CoreSecret = z
  .object({
    ...coreResource,
    name: z.string(),
    scope: z.enum(SECRET_SCOPES),
    scopeId: z.string().nullable(),
    description: z.string().nullable(),
  })
  .describe("A secret, without its value.");
export type CoreSecret = z.infer<typeof CoreSecret>;
