import { cell, code, table } from "./markdown.js";
import type { Schema } from "./schema.js";

/** Returns the fields below a schema as a Markdown table: path, type, default, required, description and validation errors. */
export function fieldTable(schema: Schema, path: string): string {
  return table(["Field", "Type", "Default", "Required", "Description"], rowsBelow(schema, path));
}

function rowsBelow(schema: Schema, path: string): string[][] {
  const rows = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const at = `${path}.${name}`;
    return [row(child, at, schema.required?.includes(name) ?? false), ...rowsBelow(child, at)];
  });
  if (schema.items !== undefined) rows.push(...rowsBelow(schema.items, `${path}[]`));
  if (schema.additionalProperties !== undefined) rows.push(...rowsBelow(schema.additionalProperties, `${path}.<key>`));
  return rows;
}

function row(schema: Schema, path: string, required: boolean): string[] {
  const fallback = schema.default === undefined ? "" : cell(code(JSON.stringify(schema.default)));
  return [code(path), typeName(schema), fallback, required ? "yes" : "", cell(describe(schema))];
}

/** Returns the type of a value, named as in the Kubernetes documentation. */
export function typeName(schema: Schema): string {
  if (schema["x-kubernetes-int-or-string"]) return "integer or string";
  if (schema.items !== undefined) return `[]${typeName(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map[string]${typeName(schema.additionalProperties)}`;
  if (schema["x-kubernetes-preserve-unknown-fields"] && schema.type === undefined) return "anything";
  return schema.format === "date-time" ? "time" : (schema.type ?? "anything");
}

function describe(schema: Schema): string {
  return [schema.description ?? "", ...limits(schema), ...refusals(schema)].filter((part) => part !== "").join(" ");
}

function limits(schema: Schema): string[] {
  const { minimum, maximum, maxItems, enum: values } = schema;
  const parts: string[] = [];
  if (values !== undefined) parts.push(`One of ${values.map((value) => code(String(value))).join(", ")}.`);
  if (minimum !== undefined && maximum !== undefined) parts.push(`From ${minimum} to ${maximum}.`);
  else if (minimum !== undefined && minimum > 0) parts.push(`At least ${minimum}.`);
  if (maxItems !== undefined) parts.push(`At most ${maxItems}.`);
  return parts;
}

function refusals(schema: Schema): string[] {
  return (schema["x-kubernetes-validations"] ?? []).map(({ message }) => `Validation error: “${message}”.`);
}
