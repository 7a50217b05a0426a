import { z } from "zod";
import { CoreId, coreResource, Metadata } from "./fields.js";

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

const optional = {
  valueTag: z
    .string()
    .max(128)
    .nullish()
    .describe(
      "Text that the writer chooses for the value, to recognize it. Removed when the value is changed without one.",
    ),
  metadata: Metadata.optional(),
};

/** Body of a request that creates a secret. */
export const CoreSecretCreate = z.strictObject({
  name: CoreSecretName,
  scope: z.enum(SECRET_SCOPES).default("global"),
  scopeId: CoreId.nullish().describe("ID of the app or node of the scope."),
  ...fields,
  ...optional,
});
export type CoreSecretCreate = z.infer<typeof CoreSecretCreate>;

/** Body of a request that updates a secret. Without metadata, it stays as it is. */
export const CoreSecretUpdate = z.strictObject({
  ...fields,
  ...optional,
  value: fields.value.optional(),
});
export type CoreSecretUpdate = z.infer<typeof CoreSecretUpdate>;

/** A secret as a Core returns it, without its value. The triple of name, scope and scopeId is unique. */
export const CoreSecret = z
  .object({
    ...coreResource,
    name: z.string(),
    scope: z.enum(SECRET_SCOPES),
    scopeId: z.string().nullable(),
    description: z.string().nullable(),
    metadata: Metadata,
    valueTag: z.string().nullable().describe("Tag of the value, as its writer has set it."),
    valueChangedAt: z.string().describe("Time when the value was last changed."),
  })
  .describe("A secret, without its value.");
export type CoreSecret = z.infer<typeof CoreSecret>;
