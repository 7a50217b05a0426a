import { ProblemError } from "../../../http/problem.js";

/** One condition of a filter. */
export interface Term {
  /** Name of a field, `label`, or undefined for a text to search for. */
  readonly key: string | undefined;
  /** Alternatives, in lower case. */
  readonly values: readonly string[];
  readonly negated: boolean;
}

/** What a filter looks at. All texts are in lower case. */
export interface Searchable {
  /** Value of each field, by its key. */
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly labels: Readonly<Record<string, string>>;
  /** All text, in which words are searched for. */
  readonly text: string;
}

const MAX_TERMS = 32;
/** A term: an optional -, an optional key, and a value that may be quoted. */
const TERM = /(-?)(?:([a-zA-Z]+):)?("(?:[^"\\]|\\.)*"|\S+)/gy;

/**
 * Parses a filter like `health:degraded env:prod -label:team=x "out of memory"`. `keys` are the fields of the list. Throws INVALID for
 * an unknown field, naming the known ones.
 */
export function parseQuery(text: string, keys: readonly string[]): readonly Term[] {
  const terms: Term[] = [];
  const rest = text.trim();
  TERM.lastIndex = 0;
  while (TERM.lastIndex < rest.length) {
    const [whole, minus, key, value = ""] = TERM.exec(rest) ?? [""];
    if (whole === "") break;
    terms.push(termOf(minus === "-", key?.toLowerCase(), value, keys));
    while (/\s/.test(rest[TERM.lastIndex] ?? "")) TERM.lastIndex++;
  }
  if (terms.length <= MAX_TERMS) return terms;
  throw new ProblemError("INVALID", `q: has more than ${MAX_TERMS} terms: use fewer`, {
    errors: [{ parameter: "q", detail: `has more than ${MAX_TERMS} terms` }],
  });
}

function termOf(negated: boolean, key: string | undefined, value: string, keys: readonly string[]): Term {
  const known = key === undefined || key === "label" || keys.includes(key);
  // A word with a colon, like an image, is a text; but a typo in a field must not be one.
  if (!known) {
    const detail = `the filter has an unknown field: use one of ${[...keys, "label"].join(", ")}, or quote the text`;
    throw new ProblemError("INVALID", `q: ${detail}`, { errors: [{ parameter: "q", detail }] });
  }
  const plain = unquoted(value).toLowerCase();
  const values = key === undefined || value.startsWith('"') ? [plain] : plain.split(",").filter((part) => part !== "");
  return { key, values, negated };
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.length > 1 ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}

/** Reports whether a row meets a term. Different terms for one field are alternatives only within a term. */
export function meets(term: Term, row: Searchable): boolean {
  return matches(term, row) !== term.negated;
}

function matches({ key, values }: Term, { fields, labels, text }: Searchable): boolean {
  if (key === undefined) return values.every((value) => text.includes(value));
  if (key === "label") return values.some((value) => hasLabel(labels, value));
  const actual = fields[key];
  return actual !== undefined && values.includes(actual);
}

/** `team=x` compares the value; `team` asks for the label. */
function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf("=");
  if (at < 0) return Object.hasOwn(labels, wanted);
  const name = wanted.slice(0, at);
  return Object.hasOwn(labels, name) && labels[name] === wanted.slice(at + 1);
}
