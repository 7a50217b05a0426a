import type { CelRule } from "../../src/api/fields.js";
import type { Json } from "../../src/base/hash.js";

/** Types in a structural schema. */
export const TYPES = ["object", "array", "string", "integer", "number", "boolean"] as const;
export type SchemaType = (typeof TYPES)[number];

/** The subset of structural schemas of `apiextensions.k8s.io/v1` in use. Keys are written in this order. */
export interface Schema {
  description?: string;
  type?: SchemaType;
  format?: string;
  "x-kubernetes-int-or-string"?: true;
  "x-kubernetes-preserve-unknown-fields"?: true;
  "x-kubernetes-map-type"?: "atomic" | "granular";
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: readonly string[];
  nullable?: true;
  default?: Json;
  enum?: readonly Json[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: boolean;
  maximum?: number;
  exclusiveMaximum?: boolean;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  "x-kubernetes-validations"?: readonly CelRule[];
  required?: readonly string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
}

/** A problem of a schema and its path. */
export interface Problem {
  /** Path of the field, like `spec.source.path`. */
  readonly path: string;
  readonly message: string;
}

/** A schema cannot be part of a CRD; contains all problems. */
export class SchemaError extends Error {
  readonly problems: readonly Problem[];

  constructor(subject: string, problems: readonly Problem[]) {
    super(`${subject}:\n${problems.map(({ path, message }) => `  ${path}: ${message}`).join("\n")}`);
    this.name = "SchemaError";
    this.problems = problems;
  }
}

/** Calls `visit` for a schema and all schemas below it, with their paths. */
export function walk(schema: Schema, path: string, visit: (schema: Schema, path: string) => void): void {
  visit(schema, path);
  for (const [name, child] of Object.entries(schema.properties ?? {})) walk(child, `${path}.${name}`, visit);
  if (schema.additionalProperties !== undefined) walk(schema.additionalProperties, `${path}[key]`, visit);
  if (schema.items !== undefined) walk(schema.items, `${path}[]`, visit);
}
