import { RE2JS } from "re2js";
import type { CelRule } from "../../src/api/fields.js";
import { type Problem, type Schema, walk } from "./schema.js";

/** Formats with a length known to the API server. */
const SIZED_FORMATS: ReadonlySet<string> = new Set(["date", "date-time", "duration"]);

/**
 * Returns what the API server would reject in a structural schema, and violations of stricter rules: every field has a
 * description, every string, list and map is bounded (which limits the estimated cost of CEL rules and the size in etcd),
 * and every list sets how server-side apply merges it.
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

/** Requires a description, except for scalar list items and map values, which the parent describes. */
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

/** The API server uses RE2, which supports neither lookaround nor backreferences. */
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
