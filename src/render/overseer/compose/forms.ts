import { isRecord } from "../../../manifest/shape.js";
import { closest } from "../../closest.js";
import { nameOfValue } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { checkKeys, type Mapping } from "./shape.js";

/** Validates a value of a Compose document and reports problems. */
export interface Form {
  (value: unknown, report: Reporter): void;
  /** Forms of the values in it, with the key of each: `*` for any key, and empty for items of lists and alternatives. */
  readonly parts?: readonly { readonly step: string; readonly form: Form }[];
}

function withParts(form: Form, parts: NonNullable<Form["parts"]>): Form {
  return Object.assign((value: unknown, report: Reporter) => form(value, report), { parts });
}

/** A scalar form. `hint` is appended to the message if a value does not match. */
function scalar(
  expected: string,
  accepts: (value: unknown) => boolean,
  hint: (value: unknown) => string = noHint,
): Form {
  return (value, report) => {
    // The node replaces the reference by the value of the secret.
    if (accepts(value) || (typeof value === "string" && value.includes("${SECRET:"))) return;
    const found = typeof value === "string" ? "" : `, found ${nameOfValue(value)}`;
    report.problem(`expected ${expected}${found}${hint(value)}`);
  };
}

const noHint = (): string => "";
const quotes = (value: unknown): string =>
  typeof value === "number" || typeof value === "boolean" ? ": put it in quotes" : "";
const matches = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value);

const NUMERIC = /^[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?$/i;

/** Any value: for keys that are validated elsewhere or have no effect on a node. */
export const unchecked: Form = () => {};
/** A string. Numbers must be quoted. */
export const text: Form = scalar("text", (value) => typeof value === "string", quotes);
/** A string or a number, for example a driver option. */
export const textOrNumber: Form = scalar("text or a number", (value) => typeof value === "string" || isNumber(value));
/** The value of a label or variable, or null for a name without a value. */
export const plain: Form = scalar(
  "text, a number, or true or false",
  (value) => value === null || typeof value === "boolean" || typeof value === "string" || isNumber(value),
);
/** A Boolean, also quoted, including the spellings of YAML 1.1. */
export const boolean: Form = scalar(
  "true or false",
  (value) => typeof value === "boolean" || matches(value, /^(?:true|false|yes|no|on|off|y|n)$/i),
);
/** A number, also quoted. */
export const number: Form = scalar("a number", (value) => isNumber(value) || matches(value, NUMERIC));
/** A duration with a unit. */
export const duration: Form = scalar(
  "a duration like 30s or 1m30s",
  (value) => matches(value, /^[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+)$/),
  (value) => (isNumber(value) ? ": add the unit" : ""),
);
const BYTES = /^(?:-?[0-9]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:b|[kmgtp](?:i?b)?)?)$/i;
const UNITS = "bkmgtp";

/** Converts a size to bytes. Undefined if it is not a valid size. */
export function parseBytes(size: string): number | undefined {
  if (!BYTES.test(size)) return undefined;
  const unit = /[a-z]/i.exec(size)?.[0].toLowerCase() ?? "b";
  return Math.trunc(Number.parseFloat(size) * 1024 ** UNITS.indexOf(unit));
}

/** A size, or a number of bytes without a unit. */
export const bytes: Form = scalar("a size like 64m or 1.5gb", (value) => isNumber(value) || matches(value, BYTES));
/** A size where Compose accepts only a string. */
export const quotedBytes: Form = scalar('a size like "64m" or "1.5gb"', (value) => matches(value, BYTES), quotes);

/** An integer in a range, also quoted. */
export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Form {
  const least = min === Number.MIN_SAFE_INTEGER ? "" : ` of at least ${min}`;
  const expected = max === Number.MAX_SAFE_INTEGER ? `a whole number${least}` : `a whole number from ${min} to ${max}`;
  return scalar(expected, (value) => {
    const whole = typeof value === "bigint" || Number.isInteger(value) || matches(value, /^[-+]?[0-9]+$/);
    return whole && Number(value) >= min && Number(value) <= max;
  });
}

/** Rejects quoted values, which Compose does not accept for this form. */
export function unquoted(form: Form): Form {
  return (value, report) => {
    if (typeof value === "string") report.problem("expected a value without quotes, found text");
    else form(value, report);
  };
}

/** One of several strings. */
export function oneOf(...values: readonly string[]): Form {
  return (value, report) => {
    if (typeof value === "string" && (values.includes(value) || value.includes("${SECRET:"))) return;
    const near = typeof value === "string" ? closest(value, values) : undefined;
    report.problem(near === undefined ? `expected one of ${values.join(", ")}` : `did you mean ${near}?`);
  };
}

/** A string that matches a pattern. */
export function textLike(pattern: RegExp, expected: string): Form {
  return scalar(expected, (value) => matches(value, pattern), quotes);
}

/** A list. */
export function list(item: Form): Form {
  const form: Form = (value, report) => {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) item(one, report.at(index));
    else report.problem(`expected a list, found ${nameOfValue(value)}`);
  };
  return withParts(form, [{ step: "", form: item }]);
}

/** A list without duplicates. */
export function distinct(item: Form): Form {
  const check = list(item);
  return (value, report) => {
    check(value, report);
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    for (const [index, one] of value.entries()) {
      if (seen.has(one)) report.at(index).problem("is a duplicate; remove one");
      seen.add(one);
    }
  };
}

/** A mapping with any keys. */
export function mapOf(item: Form): Form {
  const form: Form = (value, report) => {
    if (isRecord(value)) for (const [key, one] of Object.entries(value)) item(one, report.at(key));
    else report.problem(`expected a mapping, found ${nameOfValue(value)}`);
  };
  return withParts(form, [{ step: "*", form: item }]);
}

/** Forms of the keys of a mapping. */
export type Fields = Readonly<Record<string, Form>>;

/** A mapping with known keys, and `x-…`. */
export function fields(known: Fields, required: readonly string[] = []): Form {
  const form: Form = (value, report) => {
    if (isRecord(value)) checkFields(value, known, report, required);
    else report.problem(`expected a mapping, found ${nameOfValue(value)}`);
  };
  return withParts(
    form,
    Object.entries(known).map(([step, one]) => ({ step, form: one })),
  );
}

/** Validates the keys of a mapping and their values. */
export function checkFields(mapping: Mapping, known: Fields, report: Reporter, required: readonly string[] = []): void {
  checkKeys(mapping, Object.keys(known), report);
  for (const key of required) if (mapping[key] === undefined) report.at(key).problem("is missing");
  for (const [key, value] of Object.entries(mapping)) {
    if (Object.hasOwn(known, key)) known[key]?.(value, report.at(key));
  }
}

/** Selects a form by the type of the value. */
export function either(forms: {
  readonly list?: Form;
  readonly mapping?: Form;
  readonly scalar?: Form;
  readonly expected: string;
}): Form {
  const choice: Form = (value, report) => {
    const form = Array.isArray(value) ? forms.list : isRecord(value) ? forms.mapping : forms.scalar;
    if (form === undefined || (value === null && form === forms.scalar)) {
      report.problem(`expected ${forms.expected}, found ${nameOfValue(value)}`);
    } else form(value, report);
  };
  const all = [forms.list, forms.mapping, forms.scalar].filter((form) => form !== undefined);
  return withParts(
    choice,
    all.map((form) => ({ step: "", form })),
  );
}

/** Also accepts null, that is, a key without a value. */
export function orNothing(form: Form): Form {
  const optional: Form = (value, report) => {
    if (value !== null) form(value, report);
  };
  return withParts(optional, form.parts ?? []);
}

/** A string or a list of strings. */
export const textOrList: Form = either({ scalar: text, list: list(text), expected: "text or a list" });
const word: Form = (value, report) => (value === null ? text(value, report) : plain(value, report));
/** A command. Numbers in it are converted to strings later. */
export const command: Form = orNothing(either({ scalar: text, list: list(word), expected: "text or a list" }));
/** A mapping, or a list of `NAME=value`. */
export const labels: Form = either({ mapping: mapOf(plain), list: list(text), expected: "a mapping or a list" });
/** Driver options. */
export const options: Form = mapOf(textOrNumber);

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}
