import type { Json } from "../../src/base/hash.js";
import type { RawSchema } from "./from-zod.js";
import { type Problem, type Schema, type SchemaType, TYPES } from "./schema.js";

/** Keywords that pass as they are. */
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
const TREATED: ReadonlySet<string> = new Set([
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
 * Turns zod's JSON Schema into a structural schema (KEP-1693: every value has exactly one type, and nothing about the
 * structure hides below `anyOf`). What cannot be turned is added to `problems`, so that one run shows them all.
 */
export function toStructural(raw: RawSchema, path: string, problems: Problem[]): Schema {
  const merged = mergeUnion(raw, path, problems);
  for (const keyword of Object.keys(merged)) {
    if (!TREATED.has(keyword)) problems.push({ path, message: `${keyword} has no place in a structural schema` });
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

/** The one union that the API server knows: an integer or a string. The limits of both stand side by side; each looks at its own type only. */
function mergeUnion(raw: RawSchema, path: string, problems: Problem[]): RawSchema {
  const options = raw.anyOf ?? raw.oneOf;
  if (options === undefined) return raw;
  const { anyOf, oneOf, ...rest } = raw;
  const members = asList(options);
  const types = members.map((member) => member.type).sort();
  if (types.length !== 2 || types[0] !== "integer" || types[1] !== "string") {
    problems.push({
      path,
      message: `a union of ${types.join(", ") || "nothing"}: only integer | string can be told to the API server; use one object with optional members and a CEL rule`,
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
    const hint = "give it meta {type: object, x-kubernetes-preserve-unknown-fields: true} where anything may stand";
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

/** zod bounds every integer by what a double can hold; Kubernetes says that by the format. */
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
  // `false` is what a strict object says; the API server prunes what is unknown by itself.
  if (values === undefined || values === false) return;
  if (properties !== undefined)
    problems.push({ path, message: "properties and additionalProperties exclude each other" });
  else schema.additionalProperties = toStructural(asRaw(values), `${path}[key]`, problems);
}

/** The same schema with its keys in the order of the interface, so that a generated file changes only where the API does. */
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

/** A default as JSON, for the documentation. */
export function defaultText(value: Json): string {
  return JSON.stringify(value);
}
