import type { Json } from "../../base/hash.js";

/** Parameters of one app. */
export interface ParameterSet {
  readonly values: Readonly<Record<string, Json>>;
  /** Names of parameters, at the top level, whose values are content of a Git repository. */
  readonly fromGit: ReadonlySet<string>;
  /** Where they come from, for messages, for example `folder apps/web`. */
  readonly origin: string;
  /** The submodule that an app would read, if its repository does not read submodules. */
  readonly submodule?: string | undefined;
}

/** Parameters that one generator of a set yields. */
export interface Generated {
  /** Field of the generator, for example `spec.generators[0]`. */
  readonly field: string;
  readonly sets: readonly ParameterSet[];
  /** Fields of the generators that yield nothing: itself, or parts of a matrix. */
  readonly empty: readonly string[];
}

/** Reports whether a value is an object. */
export function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Maximum nesting depth of parameters and templates. */
export const MAX_DEPTH = 64;

/** Converts a value of a YAML file to JSON: integers that JSON cannot hold exactly become strings. */
export function toJson(value: unknown): Json {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object") return null;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}
