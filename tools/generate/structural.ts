import type { Json } from "../../src/base/hash.js";
import type { RawSchema } from "./from-zod.js";
import { type Problem, type Schema, type SchemaType, TYPES } from "./schema.js";

/** Keywords that are copied unchanged. */
const PLAIN = [
  "description",
  "format",
  "nullable",
  "default",
  "enum",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "required",
  "x-kubernetes-int-or-string",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-map-type",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-validations",
] as const;
const SUPPORTED: ReadonlySet<string> = new Set([
  ...PLAIN,
  "$schema",
  "type",
  "properties",
  "items",
  "additionalProperties",
  "anyOf",
  "oneOf",
]);
const INT32 = 2 ** 31 - 1;

/**
 * Converts a JSON Schema of zod to a structural schema (KEP-1693: every value has exactly one type, and `anyOf` contains no
 * structure). Adds everything that cannot be converted to `problems`.
 */
export function toStructural(raw: RawSchema, path: string, problems: Problem[]): Schema {
  const merged = mergeUnion(raw, path, problems);
  for (const keyword of Object.keys(merged)) {
    if (!SUPPORTED.has(keyword)) problems.push({ path, message: `${keyword} is not allowed in a structural schema` });
  }
  const schema: Schema = {};
  const type = typeOf(merged, path, problems);
  if (type !== undefined) schema.type = type;
  copyPlain(merged, schema);
  tidyNumber(schema);
  if (schema.format === "date-time") delete schema.pattern;
  addChildren(merged, schema, path, problems);
  return inOrder(schema);
}

/** Converts the only supported union, integer or string. The limits of both types are merged, since each applies to one type only. */
function mergeUnion(raw: RawSchema, path: string, problems: Problem[]): RawSchema {
  const options = raw.anyOf ?? raw.oneOf;
  if (options === undefined) return raw;
  const { anyOf, oneOf, ...rest } = raw;
  const members = asList(options);
  const types = members.map((member) => member.type).sort();
  if (types.length !== 2 || types[0] !== "integer" || types[1] !== "string") {
    problems.push({
      path,
      message: `a union of ${types.join(", ") || "nothing"}: the API server supports only integer | string; use one object with optional members and a CEL rule`,
    });
    return { ...rest, type: "object" };
  }
  const limits: Record<string, unknown> = {};
  for (const { type: _, ...limit } of members) Object.assign(limits, limit);
  const merged: Record<string, unknown> = { ...limits, ...rest, "x-kubernetes-int-or-string": true };
  if (merged.maximum === Number.MAX_SAFE_INTEGER) delete merged.maximum;
  if (merged.minimum === Number.MIN_SAFE_INTEGER) delete merged.minimum;
  return merged;
}

function typeOf(raw: RawSchema, path: string, problems: Problem[]): SchemaType | undefined {
  const type = TYPES.find((known) => known === raw.type);
  const exempt = raw["x-kubernetes-int-or-string"] === true || raw["x-kubernetes-preserve-unknown-fields"] === true;
  if (type === undefined && !exempt) {
    const hint = "give it meta {type: object, x-kubernetes-preserve-unknown-fields: true} if any value is allowed";
    problems.push({
      path,
      message: raw.type === undefined ? `has no type: ${hint}` : `type ${JSON.stringify(raw.type)} is not known`,
    });
  }
  return type;
}

function copyPlain(raw: RawSchema, schema: Schema): void {
  for (const keyword of PLAIN) {
    const value = raw[keyword];
    if (value !== undefined) Object.assign(schema, { [keyword]: value });
  }
  if (schema.required?.length === 0) delete schema.required;
}

/** Replaces zod's bounds for safe integers with the format, as Kubernetes does. */
function tidyNumber(schema: Schema): void {
  if (schema.type !== "integer") return;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  schema.format = schema.maximum !== undefined && schema.maximum <= INT32 ? "int32" : "int64";
}

function addChildren(raw: RawSchema, schema: Schema, path: string, problems: Problem[]): void {
  const { properties, items, additionalProperties: values } = raw;
  if (isRecord(properties)) {
    const children = Object.entries(properties).map(
      ([name, child]) => [name, toStructural(asRaw(child), `${path}.${name}`, problems)] as const,
    );
    schema.properties = Object.fromEntries(children);
  }
  if (items !== undefined) schema.items = toStructural(asRaw(items), `${path}[]`, problems);
  // `false` is set for strict objects; the API server prunes unknown fields anyway.
  if (values === undefined || values === false) return;
  if (properties !== undefined)
    problems.push({ path, message: "properties and additionalProperties exclude each other" });
  else schema.additionalProperties = toStructural(asRaw(values), `${path}[key]`, problems);
}

/** Sorts the keys in the order of the interface, so that generated files change only with the API. */
function inOrder(schema: Schema): Schema {
  const order = ["description", "type", ...PLAIN.slice(1), "required", "properties", "additionalProperties", "items"];
  const sorted = Object.entries(schema).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  return Object.fromEntries(sorted) as Schema;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asRaw(value: unknown): RawSchema {
  return isRecord(value) ? value : {};
}

function asList(value: unknown): readonly RawSchema[] {
  return Array.isArray(value) ? value.map(asRaw) : [];
}

/** Formats a default value as JSON. */
export function defaultText(value: Json): string {
  return JSON.stringify(value);
}
