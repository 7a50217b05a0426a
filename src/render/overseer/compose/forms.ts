import { isRecord } from "../../../manifest/shape.js";
import { closest } from "../../closest.js";
import { nameOfValue } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { checkKeys, type Mapping } from "./shape.js";

/** Checks a value of a Compose document against what its key may hold, and reports what is wrong with it. */
export type Form = (value: unknown, report: Reporter) => void;

/** A value that is neither a list nor a mapping. `hint` is said of a value of another type, after what it is. */
function scalar(
  expected: string,
  accepts: (value: unknown) => boolean,
  hint: (value: unknown) => string = noHint,
): Form {
  return (value, report) => {
    // The node puts the value of a secret in its place.
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

/** Any value: for keys that are checked elsewhere, or that mean nothing on a node. */
export const unchecked: Form = () => {};
/** Text; a number has to be in quotes. */
export const text: Form = scalar("text", (value) => typeof value === "string", quotes);
/** Text or a number, as options of drivers are. */
export const textOrNumber: Form = scalar("text or a number", (value) => typeof value === "string" || isNumber(value));
/** The value of a label or variable; without one it is a name alone. */
export const plain: Form = scalar(
  "text, a number, or true or false",
  (value) => value === null || typeof value === "boolean" || typeof value === "string" || isNumber(value),
);
/** A switch, also one in quotes, with the words of YAML 1.1. */
export const boolean: Form = scalar(
  "true or false",
  (value) => typeof value === "boolean" || matches(value, /^(?:true|false|yes|no|on|off|y|n)$/i),
);
/** A number, also one in quotes. */
export const number: Form = scalar("a number", (value) => isNumber(value) || matches(value, NUMERIC));
/** A duration with its unit. */
export const duration: Form = scalar(
  "a duration like 30s or 1m30s",
  (value) => matches(value, /^[-+]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+)$/),
  (value) => (isNumber(value) ? ": add the unit" : ""),
);
const BYTES = /^(?:-?[0-9]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:b|[kmgtp](?:i?b)?)?)$/i;
const UNITS = "bkmgtp";

/** Number of bytes that a size stands for; undefined when it is none. */
export function parseBytes(size: string): number | undefined {
  if (!BYTES.test(size)) return undefined;
  const unit = /[a-z]/i.exec(size)?.[0].toLowerCase() ?? "b";
  return Math.trunc(Number.parseFloat(size) * 1024 ** UNITS.indexOf(unit));
}

/** A size, or a number of bytes. */
export const bytes: Form = scalar("a size like 64m or 1.5gb", (value) => isNumber(value) || matches(value, BYTES));
/** A size where Compose takes text alone. */
export const quotedBytes: Form = scalar('a size like "64m" or "1.5gb"', (value) => matches(value, BYTES), quotes);

/** A whole number, also one in quotes, within limits. */
export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Form {
  const least = min === Number.MIN_SAFE_INTEGER ? "" : ` of at least ${min}`;
  const expected = max === Number.MAX_SAFE_INTEGER ? `a whole number${least}` : `a whole number from ${min} to ${max}`;
  return scalar(expected, (value) => {
    const whole = typeof value === "bigint" || Number.isInteger(value) || matches(value, /^[-+]?[0-9]+$/);
    return whole && Number(value) >= min && Number(value) <= max;
  });
}

/** A form of which Compose takes no text, although it could be read. */
export function unquoted(form: Form): Form {
  return (value, report) => {
    if (typeof value === "string") report.problem("expected a value without quotes, found text");
    else form(value, report);
  };
}

/** One of several texts. */
export function oneOf(...values: readonly string[]): Form {
  return (value, report) => {
    if (typeof value === "string" && (values.includes(value) || value.includes("${SECRET:"))) return;
    const near = typeof value === "string" ? closest(value, values) : undefined;
    report.problem(near === undefined ? `expected one of ${values.join(", ")}` : `did you mean ${near}?`);
  };
}

/** A text of a pattern. */
export function textLike(pattern: RegExp, expected: string): Form {
  return scalar(expected, (value) => matches(value, pattern), quotes);
}

/** A list. */
export function list(item: Form): Form {
  return (value, report) => {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) item(one, report.at(index));
    else report.problem(`expected a list, found ${nameOfValue(value)}`);
  };
}

/** A list in which no text may stand twice. */
export function distinct(item: Form): Form {
  const check = list(item);
  return (value, report) => {
    check(value, report);
    if (!Array.isArray(value)) return;
    const seen = new Set<unknown>();
    for (const [index, one] of value.entries()) {
      if (seen.has(one)) report.at(index).problem("stands in the list twice; remove one of the two");
      seen.add(one);
    }
  };
}

/** A mapping with any keys. */
export function mapOf(item: Form): Form {
  return (value, report) => {
    if (isRecord(value)) for (const [key, one] of Object.entries(value)) item(one, report.at(key));
    else report.problem(`expected a mapping, found ${nameOfValue(value)}`);
  };
}

/** What the keys of a mapping may hold. */
export type Fields = Readonly<Record<string, Form>>;

/** A mapping with known keys, and `x-…`. */
export function fields(known: Fields, required: readonly string[] = []): Form {
  return (value, report) => {
    if (isRecord(value)) checkFields(value, known, report, required);
    else report.problem(`expected a mapping, found ${nameOfValue(value)}`);
  };
}

/** Checks the keys of a mapping and what they hold. */
export function checkFields(mapping: Mapping, known: Fields, report: Reporter, required: readonly string[] = []): void {
  checkKeys(mapping, Object.keys(known), report);
  for (const key of required) if (mapping[key] === undefined) report.at(key).problem("is missing");
  for (const [key, value] of Object.entries(mapping)) {
    if (Object.hasOwn(known, key)) known[key]?.(value, report.at(key));
  }
}

/** One of several forms, by the type of the value. */
export function either(forms: {
  readonly list?: Form;
  readonly mapping?: Form;
  readonly scalar?: Form;
  readonly expected: string;
}): Form {
  return (value, report) => {
    const form = Array.isArray(value) ? forms.list : isRecord(value) ? forms.mapping : forms.scalar;
    if (form === undefined || (value === null && form === forms.scalar)) {
      report.problem(`expected ${forms.expected}, found ${nameOfValue(value)}`);
    } else form(value, report);
  };
}

/** A form, or nothing: a key without a value. */
export function orNothing(form: Form): Form {
  return (value, report) => {
    if (value !== null) form(value, report);
  };
}

/** A text, or a list of texts. */
export const textOrList: Form = either({ scalar: text, list: list(text), expected: "text or a list" });
const word: Form = (value, report) => (value === null ? text(value, report) : plain(value, report));
/** A command; numbers in it become text. */
export const command: Form = orNothing(either({ scalar: text, list: list(word), expected: "text or a list" }));
/** A mapping of names to values, or a list of `NAME=value`. */
export const labels: Form = either({ mapping: mapOf(plain), list: list(text), expected: "a mapping or a list" });
/** Options of a driver. */
export const options: Form = mapOf(textOrNumber);

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}
