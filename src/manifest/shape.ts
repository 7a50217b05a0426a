import type { FieldPath } from "./field-path.js";

/** A problem of an object. */
export interface ShapeProblem {
  /** The field. Empty for the whole object. */
  readonly path: FieldPath;
  /** Cause and remedy. Contains the field but no value. */
  readonly message: string;
}

/** A JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

const API_VERSION = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\/)?[a-z0-9]+$/;
const KIND = /^[A-Za-z][A-Za-z0-9]*$/;
/** A valid path segment: `IsValidPathSegmentName` of the API server and its length limit. */
const NAME = /^(?!\.{1,2}$)[^/%\p{Cc}]{1,253}$/u;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Validates that a document is a Kubernetes object that can be applied. Checks only what this product relies on: the identity,
 * and maps that it modifies. The API server validates the rest.
 */
export function checkShape(value: unknown): ShapeProblem[] {
  if (!isRecord(value))
    return [{ path: [], message: `this is ${describeType(value)}, not a Kubernetes object; ${LEAVE_OUT}` }];
  const problems: ShapeProblem[] = [];
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  if (value.metadata !== undefined && value.metadata !== null && !isRecord(value.metadata)) {
    problems.push({
      path: ["metadata"],
      message: `metadata is ${describeType(value.metadata)}, but has to be an object`,
    });
  }
  problems.push(...checkIdentity(value, metadata));
  for (const field of ["labels", "annotations"]) problems.push(...checkStringMap(metadata[field], ["metadata", field]));
  return problems;
}

/** Maximum number of entries reported per map. */
const MAX_SHOWN = 5;

const LEAVE_OUT = "leave the file out with source.exclude if it is not meant to be applied";

function checkIdentity(value: Record<string, unknown>, metadata: Record<string, unknown>): ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  const missing: string[] = [];
  const check = (path: string, field: unknown, pattern: RegExp, expected: string): void => {
    if (field === undefined || field === null || field === "") missing.push(path);
    else if (typeof field !== "string")
      report(path, `${path} is ${describeType(field)}, but has to be text; put it in quotes`);
    else if (!pattern.test(field)) report(path, `${path} is not valid: ${expected}`);
  };
  const report = (path: string, message: string): void => void problems.push({ path: path.split("."), message });
  check("apiVersion", value.apiVersion, API_VERSION, "expected `v1` or `group/version`");
  check("kind", value.kind, KIND, "expected letters and digits");
  if (metadata.generateName !== undefined && (metadata.name === undefined || metadata.name === null)) {
    report(
      "metadata.generateName",
      "metadata.generateName cannot be applied declaratively; give the object a metadata.name",
    );
  } else {
    check("metadata.name", metadata.name, NAME, "expected at most 253 characters, without `/` and `%`");
  }
  if (metadata.namespace !== undefined && metadata.namespace !== null && metadata.namespace !== "") {
    check("metadata.namespace", metadata.namespace, NAMESPACE, "expected a DNS label of at most 63 characters");
  }
  if (missing.length > 0) {
    const verb = missing.length === 1 ? "is" : "are";
    const hint = missing.length > 1 ? `; ${LEAVE_OUT}` : "";
    problems.unshift({ path: [], message: `${missing.join(", ")} ${verb} missing${hint}` });
  }
  return problems;
}

function checkStringMap(map: unknown, path: FieldPath): ShapeProblem[] {
  if (map === undefined || map === null) return [];
  const name = path.join(".");
  if (!isRecord(map)) return [{ path, message: `${name} is ${describeType(map)}, but has to be an object` }];
  return Object.entries(map)
    .flatMap(([key, value]): ShapeProblem[] => {
      if (typeof value === "string") return [];
      const entry = `${name}[${JSON.stringify(key.slice(0, 80))}]`;
      const message = `${entry} is ${describeType(value)}, but has to be text; put it in quotes`;
      return [{ path: [...path, key], message }];
    })
    .slice(0, MAX_SHOWN);
}

/** Returns the type of a value, never the value. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "bigint") return "a number";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}
