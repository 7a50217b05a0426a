import { z } from "zod";
import { AppDocument } from "./app.js";

const { metadata, spec } = AppDocument.shape;
const { compose, composeFiles: _, ...fields } = spec.shape;

/**
 * An App of an overlay: what is different in an environment. It is merged over the App with its name as a JSON merge patch, so every
 * field is optional, and `null` removes a field. `compose` is merged as an override file.
 */
export const PartialAppDocument = z
  .strictObject({
    apiVersion: AppDocument.shape.apiVersion,
    kind: AppDocument.shape.kind,
    metadata: z
      .strictObject({
        ...patches(metadata.shape),
        name: metadata.shape.name.describe("Name of the App to merge over."),
      })
      .describe("Metadata of the document."),
    spec: z
      .strictObject({
        ...patches(fields),
        compose: compose.describe(
          "Compose document, merged over that of the App as an override file, with !reset and !override.",
        ),
      })
      .optional()
      .describe("What is different in this environment. null removes a field, lists are replaced."),
  })
  .describe("A partial App of an overlay: what is different in an environment.");

/** The fields of a mapping in a merge patch. */
function patches(shape: Readonly<Record<string, z.core.SomeType>>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => {
      const schema = field as z.ZodType;
      const { description } = schema;
      const patch = z.nullable(patchOf(schema)).optional();
      return [name, description === undefined ? patch : patch.describe(description)];
    }),
  );
}

/** A field in a merge patch: mappings are merged, everything else is replaced. */
function patchOf(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return patchOf(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodObject) return z.strictObject(patches(schema.shape));
  if (schema instanceof z.ZodRecord)
    return z.record(schema.keyType as z.ZodString, z.nullable(schema.valueType as z.ZodType));
  return schema;
}
