import { cutMiddle } from "../../base/cut-text.js";
import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";
import type { KubeStatus } from "../errors.js";
import { describeCause } from "./causes.js";
import { conversionFault } from "./conversion.js";
import type { FieldFault } from "./field-fault.js";
import { resolvePath, showServerPath, valueAt } from "./server-path.js";
import { type ExpectedType, strictErrors, type TypedError, typedErrors } from "./typed-errors.js";

/** Returns the field faults of a rejection, sorted by field; undefined if it is not about fields. */
export function fieldFaults(status: KubeStatus, object: unknown): readonly FieldFault[] | undefined {
  const message = status.message ?? "";
  const schema = typedErrors(message) ?? strictErrors(message);
  const faults =
    schema?.map((error) => schemaFault(error, object)) ?? conversionFault(message, object) ?? causes(status, object);
  if (faults === undefined || faults.length === 0) return undefined;
  const unique = new Map(faults.map((fault) => [`${fault.field}: ${fault.message}`, fault]));
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, fault]) => fault);
}

function causes(status: KubeStatus, object: unknown): FieldFault[] | undefined {
  const found = status.details?.causes ?? [];
  // A rejection by an admission policy also has a cause, but without a field.
  if (status.reason !== "Invalid" || found.every(({ field }) => !field)) return undefined;
  return found.flatMap((cause) => {
    const description = describeCause(cause);
    if (description === undefined) return [];
    const { path, field } = locate(cause.field ?? "", object);
    return [{ path, field, ofDocument: false, ...description }];
  });
}

function schemaFault({ path: text, fault }: TypedError, object: unknown): FieldFault {
  const { path, field } = locate(text, object);
  const of = (message: string): FieldFault => ({ path, field, message, ofDocument: true, unchangeable: false });
  switch (fault.kind) {
    case "unknown":
      return of("unknown field: correct its name, its place or its indentation");
    case "duplicate":
      // An entry of a set has no key name: `="a"`.
      return of(
        `two entries have the same ${fault.key.replaceAll('"', "").replace(/^=/, "value ")}: remove one of them`,
      );
    case "type": {
      const value = path && valueAt(object, path);
      const hidden = isSecret(object) || CONFIDENTIAL.test(field);
      return { ...of(wrongType(fault.expected, value, hidden)), fitting: fitting(fault.expected, value) };
    }
    case "other":
      return of(cutMiddle(fault.text, 200));
  }
}

function locate(text: string, object: unknown): { path: FieldPath | undefined; field: string } {
  if (text === "" || text === "<nil>" || text === "[]") return { path: undefined, field: "" };
  const path = resolvePath(text, object);
  return { path, field: path === undefined ? text.replace(/^\./, "") : showServerPath(path, object) };
}

const TYPE_NAMES: Readonly<Record<ExpectedType, string>> = {
  text: "text",
  number: "a number",
  boolean: "true or false",
  list: 'a list with entries that start with "- "',
  mapping: "a mapping of names to values",
};

/** Field names that may hold confidential values. */
const CONFIDENTIAL = /pass|secret|token|credential|private|api-?_?key|pin\b/i;

function isSecret(object: unknown): boolean {
  return isRecord(object) && object.kind === "Secret" && object.apiVersion === "v1";
}

function wrongType(expected: ExpectedType, value: unknown, hidden: boolean): string {
  const shown = hidden ? "is" : `${String(value)} is`;
  if (expected === "text" && (typeof value === "number" || typeof value === "boolean"))
    return `${shown} a ${typeof value}; put it in quotes`;
  if (typeof value === "string" && isOf(expected, value)) return "is text; remove the quotes";
  return `is ${nameOf(value)}, but must be ${TYPE_NAMES[expected]}`;
}

function isOf(expected: ExpectedType, text: string): boolean {
  if (expected === "number") return /^-?\d+(?:\.\d+)?$/.test(text);
  return expected === "boolean" && /^(?:true|false)$/.test(text);
}

/** Returns a value of the expected type, as close as possible to the actual one. */
function fitting(expected: ExpectedType, value: unknown): unknown {
  switch (expected) {
    case "text":
      return typeof value === "number" || typeof value === "boolean" ? String(value) : "x";
    case "number":
      return typeof value === "string" && isOf("number", value) ? Number(value) : 1;
    case "boolean":
      return value === "true";
    case "list":
      return [];
    case "mapping":
      return {};
  }
}

function nameOf(value: unknown): string {
  if (value === null) return "empty";
  if (value === undefined) return "of another type";
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a mapping";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}
