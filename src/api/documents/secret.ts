import { z } from "zod";
import { DOCUMENT_API_VERSION, DocumentMetadata } from "./metadata.js";

/** A value in a secret store of the OverseerApp. */
export const SecretValueReference = z
  .strictObject({
    store: z.string().min(1).max(63).describe("Name of the store in spec.source.secretStores of the OverseerApp."),
    name: z
      .string()
      .min(1)
      .max(512)
      .regex(/^[^\s/?#\\%]+(\/[^\s/?#\\%]+)*$/, "expected a name or a path, without / at its beginning and end")
      .refine(
        (text) => !text.split("/").some((part) => part === "." || part === ".."),
        "expected a path without the parts . and ..",
      )
      .describe("Name of the entry: a Secret, a path in Vault, or a secret of a Core."),
    key: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe("Key of the entry. Defaults to its only key; required if it has several."),
    version: z.int().min(1).optional().describe("Version of the entry, in Vault. Defaults to the newest."),
  })
  .describe("A value in a secret store.");
export type SecretValueReference = z.infer<typeof SecretValueReference>;

/** A secret: values by reference, and texts that are made of them. */
export const SecretDocument = z
  .strictObject({
    apiVersion: z.literal(DOCUMENT_API_VERSION),
    kind: z.literal("Secret"),
    metadata: DocumentMetadata,
    spec: z
      .strictObject({
        type: z
          .string()
          .min(1)
          .max(253)
          .optional()
          .describe("Type of the Secret on Kubernetes. Has no effect on a Core. Defaults to Opaque."),
        values: z
          .record(
            z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected a name of letters, digits and _"),
            SecretValueReference,
          )
          .refine((values) => Object.keys(values).length <= 100, "expected at most 100 values")
          .optional()
          .describe("Values that are read from stores, by name."),
        data: z
          .record(z.string().regex(/^[-._A-Za-z0-9]+$/, "expected letters, digits, and - . _"), z.string())
          .refine((data) => Object.keys(data).length <= 100, "expected at most 100 keys")
          .optional()
          .describe(
            "Keys of the secret. ${NAME} stands for a value, $${NAME} for this text. If unset, each value is a key of its own.",
          ),
      })
      .refine((spec) => Object.keys({ ...spec.values, ...spec.data }).length > 0, {
        message: "expected values, data or both",
      })
      .describe("Spec of the secret."),
  })
  .describe(
    "A secret that workloads and apps refer to: a Secret on Kubernetes, or one secret of a Core for each key. Its values are read from stores, so that Git has references only, or from a file that is encrypted with SOPS.",
  );
export type SecretDocument = z.infer<typeof SecretDocument>;
