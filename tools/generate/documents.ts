import { z } from "zod";
import { DOCUMENTS, type DocumentKind } from "../../src/api/documents/documents.js";
import { DOCUMENT_API_VERSION } from "../../src/api/documents/group.js";
import { PartialAppDocument } from "../../src/api/documents/partial-app.js";
import { DOCUMENT_EXAMPLES } from "./document-examples.js";
import { DOCUMENT_TEXTS } from "./document-texts.js";
import { fieldTable } from "./field-table.js";
import type { RawSchema } from "./from-zod.js";
import type { Output } from "./outputs.js";
import type { Schema } from "./schema.js";

/** Returns the JSON Schemas of the documents that users write, and a reference page for each. */
export function documentOutputs(): Output[] {
  const kinds = Object.keys(DOCUMENTS) as DocumentKind[];
  const partialApp = jsonSchemaOf(PartialAppDocument, "Partial App");
  return [
    ...kinds.flatMap((kind) => [
      { path: schemaPath(kind), text: `${JSON.stringify(jsonSchema(kind), undefined, 2)}\n` },
      { path: `docs/documents/${kind.toLowerCase()}.md`, text: documentPage(kind) },
    ]),
    { path: PARTIAL_APP_PATH, text: `${JSON.stringify(partialApp, undefined, 2)}\n` },
  ];
}

/** Path of the JSON Schema of partial Apps, relative to the root of the repository. */
const PARTIAL_APP_PATH = `schemas/${DOCUMENT_API_VERSION}/partial-app.json`;

/** Returns the path of the JSON Schema of a kind, relative to the root of the repository. */
export function schemaPath(kind: DocumentKind): string {
  return `schemas/${DOCUMENT_API_VERSION}/${kind.toLowerCase()}.json`;
}

function jsonSchema(kind: DocumentKind): RawSchema {
  return jsonSchemaOf(DOCUMENTS[kind], kind);
}

/** Schema of the input: fields with a default are optional. */
function jsonSchemaOf(type: z.ZodType, title: string): RawSchema {
  const { $schema, ...rest } = z.toJSONSchema(type, { io: "input", reused: "inline" });
  return { $schema, title, ...rest };
}

function documentPage(kind: DocumentKind): string {
  const raw = jsonSchema(kind);
  const schema = forTable(raw);
  const { metadata, spec } = schema.properties ?? {};
  const sections = [
    `# ${kind}`,
    "<!-- Generated from src/api/documents; run make generate. -->",
    schema.description ?? "",
    `\`apiVersion: ${DOCUMENT_API_VERSION}\`. JSON Schema: [${schemaPath(kind)}](../../${schemaPath(kind)}). Editors with the YAML ` +
      `language server validate files that start with \`# yaml-language-server: $schema=<path or URL of the schema>\`.`,
    DOCUMENT_EXAMPLES[kind].length === 1 ? "## Example" : "## Examples",
    ...DOCUMENT_EXAMPLES[kind].flatMap(([title, yaml]) => [title, `\`\`\`yaml\n${yaml.trim()}\n\`\`\``]),
    "## Fields",
    ...[
      [metadata, "metadata"],
      [spec, "spec"],
    ].flatMap(([part, name]) => (part === undefined ? [] : [fieldTable(part as Schema, name as string)])),
    DOCUMENT_TEXTS[kind].trim(),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** Converts a JSON Schema for the field table; drops `additionalProperties: false`. */
function forTable(raw: RawSchema): Schema {
  const { additionalProperties: values, properties, items, anyOf, ...rest } = raw;
  const options = Array.isArray(anyOf) ? (anyOf as RawSchema[]) : [];
  const types = Array.isArray(raw.type) ? raw.type.map(String) : options.map(({ type }) => String(type));
  const type = types.length === 0 ? {} : { type: types.join(" or ") };
  return {
    ...rest,
    ...type,
    ...(isSchema(properties) ? { properties: mapValues(properties) } : {}),
    ...(isSchema(items) ? { items: forTable(items) } : {}),
    ...(isSchema(values) ? { additionalProperties: forTable(values) } : {}),
  } as Schema;
}

function mapValues(schemas: RawSchema): Record<string, Schema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, forTable(schema as RawSchema)]));
}

function isSchema(value: unknown): value is RawSchema {
  return typeof value === "object" && value !== null;
}
