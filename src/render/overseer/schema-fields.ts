import { z } from "zod";
import { DOCUMENTS, type DocumentKind } from "../../api/documents/documents.js";
import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";

const schemas = new Map<DocumentKind, unknown>();

/** Returns the known field names of the mapping at `path`; empty if any name is allowed. Used for error messages only. */
export function fieldsAt(kind: DocumentKind, path: FieldPath): string[] {
  const schema = descend(schemaOf(kind), path);
  return isRecord(schema) && isRecord(schema.properties) ? Object.keys(schema.properties) : [];
}

/** Returns the description of the field at `path` without its full stop, if any. Used for error messages only. */
export function descriptionAt(kind: DocumentKind, path: FieldPath): string | undefined {
  const schema = descend(schemaOf(kind), path);
  return isRecord(schema) && typeof schema.description === "string" ? schema.description.replace(/\.$/, "") : undefined;
}

function schemaOf(kind: DocumentKind): unknown {
  const known = schemas.get(kind);
  if (known !== undefined) return known;
  const schema = z.toJSONSchema(DOCUMENTS[kind], { io: "input", reused: "inline" });
  schemas.set(kind, schema);
  return schema;
}

function descend(schema: unknown, path: FieldPath): unknown {
  let at = schema;
  for (const step of path) {
    if (!isRecord(at)) return undefined;
    const { properties, items, additionalProperties } = at;
    if (typeof step === "number") at = items;
    else at = isRecord(properties) && Object.hasOwn(properties, step) ? properties[step] : additionalProperties;
  }
  return at;
}
