import { Environment, type ParseResult } from "@marcbachmann/cel-js";
import { isRecord } from "../shape.js";

/** A schema with the validation rules of Kubernetes. */
export interface RuledSchema {
  readonly properties?: Readonly<Record<string, RuledSchema>>;
  readonly items?: RuledSchema;
  readonly additionalProperties?: RuledSchema | boolean;
  readonly "x-kubernetes-validations"?: readonly {
    readonly rule: string;
    readonly message: string;
    readonly fieldPath?: string;
  }[];
}

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
});
environment.registerFunction("isURL(string): bool", (text: string) => URL.canParse(text));
environment.registerFunction("string.hostOf(): string", (text: string) => HOST.exec(text)?.[1] ?? "");
environment.registerFunction("string.matchesAsRe2(string): bool", (text: string, pattern: string) =>
  expressionOf(pattern).test(text),
);

/** The host of a URL. JavaScript would read the first part of the path as the host where it is missing. */
const HOST = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)/i;

/** Translates what the expressions of Kubernetes (RE2) write otherwise: inline flags, and a bracket that begins a class. */
function expressionOf(pattern: string): RegExp {
  const folded = pattern.startsWith("(?i)");
  return new RegExp((folded ? pattern.slice(4) : pattern).replaceAll("[]]", "\\]"), folded ? "i" : "");
}

/**
 * Returns which rules (`x-kubernetes-validations`) of a schema a value breaks, as `spec.url: message`. The value must fit the schema and have
 * its defaults. Rules about changes are not judged, nor are those that this reader of expressions does not know: the API server decides.
 */
export function brokenRules(schema: RuledSchema, value: unknown, path: string): string[] {
  const broken: string[] = [];
  for (const { rule, message, fieldPath = "" } of schema["x-kubernetes-validations"] ?? [])
    if (judge(rule, value) === false) broken.push(`${path}${fieldPath}: ${message}`);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined)
      value.forEach((item, index) => void broken.push(...brokenRules(items, item, `${path}[${index}]`)));
    return broken;
  }
  if (!isRecord(value)) return broken;
  const others = isRecord(schema.additionalProperties) ? (schema.additionalProperties as RuledSchema) : undefined;
  for (const [field, child] of Object.entries(value)) {
    const its = schema.properties?.[field] ?? others;
    if (its !== undefined && child !== undefined) broken.push(...brokenRules(its, child, `${path}.${field}`));
  }
  return broken;
}

const parsed = new Map<string, ParseResult | undefined>();

/** Returns the result of a rule; undefined if it cannot be evaluated. */
function judge(rule: string, self: unknown): boolean | undefined {
  if (/\boldSelf\b/.test(rule)) return undefined;
  if (!parsed.has(rule)) parsed.set(rule, parse(rule));
  try {
    const result: unknown = parsed.get(rule)?.({ self: withIntegers(self) });
    return typeof result === "boolean" ? result : undefined;
  } catch {
    return undefined;
  }
}

function parse(rule: string): ParseResult | undefined {
  const text = rule.replaceAll(".matches(", ".matchesAsRe2(").replaceAll("url(self).getHostname()", "self.hostOf()");
  try {
    return environment.parse(text);
  } catch {
    return undefined;
  }
}

/** Whole numbers are integers, as in Kubernetes. */
function withIntegers(value: unknown): unknown {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(withIntegers);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(entries.map(([key, child]) => [key, withIntegers(child)]));
}
