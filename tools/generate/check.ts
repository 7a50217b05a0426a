import { RE2JS } from "re2js";
import type { CelRule } from "../../src/api/fields.js";
import { type Problem, type Schema, walk } from "./schema.js";

/** Formats whose length the API server knows without being told. */
const SIZED_FORMATS: ReadonlySet<string> = new Set(["date", "date-time", "duration"]);

/**
 * What the API server would refuse in a structural schema, and what our own rules ask on top: every field is described,
 * every string, list and map is bounded (the cost of CEL rules is estimated from the bounds; an object never outgrows
 * etcd), and every list says how server-side apply merges it.
 */
export function checkSchema(root: Schema, path: string): Problem[] {
  const problems: Problem[] = [];
  walk(root, path, (schema, at) => {
    const found = [
      ...described(schema, at),
      ...bounded(schema),
      ...checkList(schema),
      ...checkPattern(schema),
      ...(schema["x-kubernetes-validations"] ?? []).flatMap((rule) => checkRule(rule, schema)),
    ];
    for (const message of found) problems.push({ path: at, message });
  });
  return problems;
}

/** Items of scalar lists and values of maps are described where the list is. */
function described(schema: Schema, path: string): string[] {
  const needless = /(\[\]|\[key\])$/.test(path) && schema.properties === undefined;
  return needless || (schema.description ?? "").trim() !== "" ? [] : ["has no description"];
}

function bounded(schema: Schema): string[] {
  if (schema["x-kubernetes-preserve-unknown-fields"]) return [];
  if (schema.type === "array") return schema.maxItems === undefined ? ["has no maxItems"] : [];
  if (schema.additionalProperties !== undefined)
    return schema.maxProperties === undefined ? ["has no maxProperties"] : [];
  if (schema.type !== "string" && !schema["x-kubernetes-int-or-string"]) return [];
  const sized = schema.enum !== undefined || SIZED_FORMATS.has(schema.format ?? "");
  return sized || schema.maxLength !== undefined ? [] : ["has no maxLength"];
}

function checkList(schema: Schema): string[] {
  if (schema.type !== "array") return [];
  const kind = schema["x-kubernetes-list-type"];
  if (schema.items === undefined) return ["has no items"];
  if (kind === undefined) return ["has no x-kubernetes-list-type: use mapList or atomicList"];
  if (kind === "set" && (schema.items.properties ?? schema.items.items) !== undefined) return ["a set holds scalars"];
  if (kind !== "map") return [];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length === 0) return ["a list of type map needs x-kubernetes-list-map-keys"];
  const items = schema.items;
  const loose = keys.filter((key) => !items.required?.includes(key) && items.properties?.[key]?.default === undefined);
  return loose.map((key) => `its map key ${key} must be a required field of its items, or have a default`);
}

/** The API server matches with RE2, which has no look-around and no back references. */
function checkPattern(schema: Schema): string[] {
  if (schema.pattern === undefined) return [];
  try {
    RE2JS.compile(schema.pattern);
    return [];
  } catch (error) {
    return [`its pattern is not RE2: ${error instanceof Error ? error.message : String(error)}`];
  }
}

function checkRule(rule: CelRule, schema: Schema): string[] {
  const problems: string[] = [];
  if (rule.rule.trim() === "") problems.push("has an empty CEL rule");
  if (rule.message.trim() === "" || rule.message.includes("\n"))
    problems.push("has a CEL rule without a message of one line");
  if (rule.fieldPath === undefined) return problems;
  const parts = rule.fieldPath.split(".").slice(1);
  let at: Schema | undefined = schema;
  for (const part of parts) at = at?.properties?.[part];
  if (parts.length === 0 || at === undefined)
    problems.push(`has a CEL rule for ${rule.fieldPath}, which is no field of it`);
  return problems;
}
