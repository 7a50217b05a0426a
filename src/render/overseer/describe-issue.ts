import type { z } from "zod";
import type { DocumentKind } from "../../api/documents/documents.js";
import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";
import { closest } from "../closest.js";
import { descriptionAt, fieldsAt } from "./schema-fields.js";

/** A validation error of one field. */
export interface Issue {
  readonly path: FieldPath;
  readonly message: string;
}

/** Prefix of messages written in our schemas. Other messages come from zod and are rewritten here. */
const OWN = /^expected /;

/** Maximum number of field names listed in a message. */
const MAX_LISTED = 20;

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

/** Converts a zod issue into actionable messages. Values are never quoted because they may be secret. */
export function describeIssue(kind: DocumentKind, document: unknown, issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  const one = (message: string): Issue[] => [{ path, message }];
  if (issue.code === "unrecognized_keys") {
    const known = fieldsAt(kind, path);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownField(key, known) }));
  }
  if (valueAt(document, path) === undefined) {
    const description = descriptionAt(kind, path);
    return one(`is missing${description === undefined ? "" : `: ${lowerFirst(description)}`}`);
  }
  if (OWN.test(issue.message)) return one(issue.message);
  switch (issue.code) {
    case "invalid_type":
      return one(`expected ${nameOfType(issue.expected)}, found ${nameOfValue(valueAt(document, path))}`);
    case "invalid_value":
      return one(`expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`);
    case "too_small":
      return one(`expected at least ${issue.minimum}${unit(issue.origin, Number(issue.minimum))}`);
    case "too_big":
      return one(`expected at most ${issue.maximum}${unit(issue.origin, Number(issue.maximum))}`);
    case "invalid_format":
      return one("prefix" in issue ? `expected text that begins with ${String(issue.prefix)}` : "is not well formed");
    case "invalid_key":
      return one(issue.issues.find(({ message }) => OWN.test(message))?.message ?? "its name is not well formed");
    default:
      return one("does not have the expected form");
  }
}

/** Returns `unknown field` with a suggestion or the list of known fields. */
export function unknownField(key: string, known: readonly string[]): string {
  const near = closest(key, known);
  if (near !== undefined) return `unknown field; did you mean ${near}?`;
  const few = known.length > 0 && known.length <= MAX_LISTED;
  return few ? `unknown field; expected one of ${known.join(", ")}` : "unknown field";
}

function nameOfType(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

/** Names the type of a value for messages, never the value itself. */
export function nameOfValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return TYPE_NAMES[typeof value] ?? typeof value;
}

function unit(origin: string, count: number): string {
  const word = origin === "string" ? "character" : origin === "array" ? "item" : undefined;
  return word === undefined ? "" : ` ${word}${count === 1 ? "" : "s"}`;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function valueAt(document: unknown, path: FieldPath): unknown {
  let at = document;
  for (const step of path) {
    if (Array.isArray(at) && typeof step === "number") at = at[step];
    else if (isRecord(at) && Object.hasOwn(at, String(step))) at = at[String(step)];
    else return undefined;
  }
  return at;
}
