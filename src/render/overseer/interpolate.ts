import { CoreSecretName } from "../../api/core/secret.js";

/** Value of a variable; undefined when it has none. */
export type Lookup = (name: string) => string | undefined;

/** Why a text could not be interpolated. */
export type Fault =
  | { readonly kind: "unset"; readonly name: string }
  | { readonly kind: "required"; readonly name: string; readonly message: string }
  | { readonly kind: "secret" }
  | { readonly kind: "malformed"; readonly message: string };

/** A text with its variables filled in. */
export interface Interpolated {
  /**
   * In the form that Compose interpolates once more, on the node: `$$` is a dollar sign, and every other `$` begins a
   * `${SECRET:name}`.
   */
  readonly text: string;
  /** Names of the secrets that it refers to, as they stand. */
  readonly secrets: readonly string[];
  readonly faults: readonly Fault[];
}

/** Defaults within defaults. */
const MAX_NESTING = 16;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([\s\S]*))?$/;
const EXPECTED = "expected ${NAME}, ${NAME:-default} or ${SECRET:name}; write $$ for a dollar sign";

/**
 * Fills in variables by the rules of Compose: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`,
 * `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, and `$$` for a dollar sign. Defaults may hold
 * variables themselves. Where Compose takes an unset variable for nothing, this is a fault. `${SECRET:name}`, which
 * Compose does not know, stays as it is. Nothing is ever evaluated, and a value is not interpolated again; a
 * `${SECRET:name}` in a value is a reference, too. Never throws; its time grows with the length of the text.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  if (!text.includes("$")) return { text, secrets: [], faults: [] };
  const run = new Interpolation(lookup);
  const result = run.fill(text, 0);
  return { text: result, secrets: run.secrets, faults: run.faults };
}

/** Names of the variables in a text, for a hint. */
export function variablesIn(text: string): string[] {
  const names: string[] = [];
  const lookup: Lookup = (name) => {
    names.push(name);
    return undefined;
  };
  interpolate(text, lookup);
  return [...new Set(names)];
}

class Interpolation {
  readonly secrets: string[] = [];
  readonly faults: Fault[] = [];
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  fill(text: string, nesting: number): string {
    let result = "";
    let at = 0;
    for (;;) {
      const dollar = text.indexOf("$", at);
      if (dollar < 0) return result + text.slice(at);
      result += text.slice(at, dollar);
      const next = text[dollar + 1];
      if (next === "{") {
        const end = closingBrace(text, dollar + 1);
        if (end < 0) {
          this.faults.push({ kind: "malformed", message: "a ${ is not closed; write $$ for a dollar sign" });
          return result;
        }
        result += this.#braced(text.slice(dollar + 2, end), nesting);
        at = end + 1;
        continue;
      }
      NAME.lastIndex = dollar + 1;
      const name = NAME.exec(text)?.[0];
      // A `$` before anything else is a dollar sign, as Compose has it.
      result += name === undefined ? "$$" : this.#value(name);
      at = dollar + (name === undefined ? (next === "$" ? 2 : 1) : 1 + name.length);
    }
  }

  #braced(inner: string, nesting: number): string {
    if (/^SECRET:(?![-+?])/.test(inner)) return this.#secret(inner.slice("SECRET:".length));
    const [, name, operator, argument = ""] = BRACED.exec(inner) ?? [];
    if (name === undefined || nesting > MAX_NESTING) {
      const message = name === undefined ? EXPECTED : `defaults are nested more than ${MAX_NESTING} deep`;
      this.faults.push({ kind: "malformed", message });
      return "";
    }
    const value = this.#lookup(name);
    const given = value !== undefined && (value !== "" || !operator?.startsWith(":"));
    switch (operator?.at(-1)) {
      case "-":
        return given ? this.#literal(value) : this.fill(argument, nesting + 1);
      case "+":
        return given ? this.fill(argument, nesting + 1) : "";
      case "?":
        if (!given) this.faults.push({ kind: "required", name, message: argument });
        return given ? this.#literal(value) : "";
      default:
        return this.#value(name);
    }
  }

  #value(name: string): string {
    const value = this.#lookup(name);
    if (value === undefined) this.faults.push({ kind: "unset", name });
    return value === undefined ? "" : this.#literal(value);
  }

  #secret(name: string): string {
    if (!CoreSecretName.safeParse(name).success) {
      this.faults.push({ kind: "secret" });
      return "";
    }
    this.secrets.push(name);
    return `\${SECRET:${name}}`;
  }

  /** A value: text, but for the secrets that it refers to. `$${SECRET:name}` is text here as elsewhere. */
  #literal(value: string): string {
    let result = "";
    let at = 0;
    for (const match of value.matchAll(/\$?\$\{SECRET:([^{}]*)\}/g)) {
      const escaped = match[0].startsWith("$$");
      result += escapeDollars(value.slice(at, match.index));
      result += escaped ? escapeDollars(match[0].slice(1)) : this.#secret(match[1] ?? "");
      at = match.index + match[0].length;
    }
    return result + escapeDollars(value.slice(at));
  }
}

function escapeDollars(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** The brace that closes the one at `open`; -1 when none does. */
function closingBrace(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}
