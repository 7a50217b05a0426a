import { CoreSecretName } from "../../api/core/secret.js";
import { isDollarSign, isMeant } from "./stray-dollar.js";

/** Returns the value of a variable, or undefined if it is unset. */
export type Lookup = (name: string) => string | undefined;

/** Reason why a string cannot be interpolated. */
export type Fault =
  | { readonly kind: "unset"; readonly name: string }
  | { readonly kind: "required"; readonly name: string; readonly message: string }
  /**
   * A `$` that probably is a literal dollar sign; `at` is its offset. The name is omitted because it may be part of a password.
   * `doubt` is true if it may be a variable nevertheless.
   */
  | { readonly kind: "stray"; readonly at: number; readonly verification: boolean }
  | { readonly kind: "secret" }
  | { readonly kind: "malformed"; readonly message: string };

/** An interpolated string. */
export interface Interpolated {
  /**
   * The string, escaped for the second interpolation by Compose on the node: `$$` is a dollar sign, and every other `$` starts
   * a `${SECRET:name}`.
   */
  readonly text: string;
  /** Names of the referenced secrets, in order. */
  readonly secrets: readonly string[];
  readonly faults: readonly Fault[];
}

/** Maximum nesting depth of defaults. */
const MAX_NESTING = 16;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([\s\S]*))?$/;
const EXPECTED = "expected ${NAME}, ${NAME:-default} or ${SECRET:name}; write $$ for a dollar sign";

/**
 * Interpolates variables by the rules of Compose: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`,
 * `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, and `$$` for a dollar sign. Defaults can contain
 * variables. Unlike in Compose, an unset variable without a default is an error. `${SECRET:name}`, which Compose does not
 * support, is kept. Values are not interpolated again, but a `${SECRET:name}` in a value is a reference. Never throws and runs
 * in linear time. `secret` is true if the key of the string indicates a secret, so that errors reveal less.
 */
export function interpolate(text: string, lookup: Lookup, secret = false): Interpolated {
  if (!text.includes("$")) return { text, secrets: [], faults: [] };
  const run = new Interpolation(text, lookup, secret);
  const result = run.fill(0, text.length, 0);
  return { text: result, secrets: run.secrets, faults: run.faults };
}

/** Returns the names of the variables in a string, for hints. */
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
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #secretive: boolean;
  #strays = 0;

  constructor(text: string, lookup: Lookup, secretive: boolean) {
    this.#text = text;
    this.#lookup = lookup;
    this.#secretive = secretive;
  }

  /** Interpolates the string from `from` to `to`. */
  fill(from: number, to: number, nesting: number): string {
    const text = this.#text;
    let result = "";
    let at = from;
    for (;;) {
      const dollar = text.indexOf("$", at);
      if (dollar < 0 || dollar >= to) return result + text.slice(at, to);
      result += text.slice(at, dollar);
      const next = dollar + 1 < to ? text[dollar + 1] : undefined;
      if (next === "{") {
        const end = closingBrace(text, dollar + 1, to);
        if (end < 0) {
          this.faults.push({ kind: "malformed", message: "a ${ is not closed; write $$ for a dollar sign" });
          return result;
        }
        result += this.#braced(dollar, end, nesting);
        at = end + 1;
        continue;
      }
      NAME.lastIndex = dollar + 1;
      const name = NAME.exec(text)?.[0].slice(0, to - dollar - 1);
      // As in Compose, a `$` before any other character is a literal dollar sign.
      const end = dollar + (name === undefined ? (next === "$" ? 2 : 1) : 1 + name.length);
      result += name === undefined ? "$$" : this.#value(dollar, end, name, false);
      at = end;
    }
  }

  /** Evaluates `${…}` from its `$` to its closing brace. */
  #braced(dollar: number, close: number, nesting: number): string {
    const inner = this.#text.slice(dollar + 2, close);
    if (/^SECRET:(?![-+?])/.test(inner)) return this.#secret(inner.slice("SECRET:".length));
    const [, name, operator, argument = ""] = BRACED.exec(inner) ?? [];
    if (name === undefined || nesting > MAX_NESTING) {
      const message = name === undefined ? EXPECTED : `defaults are nested more than ${MAX_NESTING} deep`;
      this.faults.push({ kind: "malformed", message });
      return "";
    }
    const value = this.#lookup(name);
    const given = value !== undefined && (value !== "" || !operator?.startsWith(":"));
    const other = (): string => this.fill(close - argument.length, close, nesting + 1);
    switch (operator?.at(-1)) {
      case "-":
        return given ? this.#literal(value) : other();
      case "+":
        return given ? other() : "";
      case "?":
        if (given) return this.#literal(value);
        this.#missing(dollar, close + 1, name, true, { kind: "required", name, message: argument });
        return "";
      default:
        return this.#value(dollar, close + 1, name, true);
    }
  }

  #value(start: number, end: number, name: string, braced: boolean): string {
    const value = this.#lookup(name);
    if (value !== undefined) return this.#literal(value);
    this.#missing(start, end, name, braced, { kind: "unset", name });
    return "";
  }

  /** Records an unset variable. Of unintended references only the first is recorded, because the remedy is the same for all. */
  #missing(start: number, end: number, name: string, braced: boolean, fault: Fault): void {
    if (this.#strays > 0 && !braced) return;
    const text = this.#text;
    if (isMeant({ text, start, end, name, braced }, this.#secretive)) this.faults.push(fault);
    else if (this.#strays++ === 0) {
      this.faults.push({ kind: "stray", at: start, verification: !this.#secretive && !isDollarSign(text, start) });
    }
  }

  #secret(name: string): string {
    if (!CoreSecretName.safeParse(name).success) {
      this.faults.push({ kind: "secret" });
      return "";
    }
    this.secrets.push(name);
    return `\${SECRET:${name}}`;
  }

  /** Escapes a value, except for secret references in it. `$${SECRET:name}` is literal text. */
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

/** Returns the offset of the brace before `to` that closes the one at `open`, or -1. */
function closingBrace(text: string, open: number, to: number): number {
  let depth = 0;
  for (let at = open; at < to; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return at;
  }
  return -1;
}

/** Returns the lookup of variables: those of the document take precedence over those of the OverseerApp. */
export function lookupIn(
  own: Readonly<Record<string, string | number | boolean>>,
  env: Readonly<Record<string, string>>,
): Lookup {
  return (name) => {
    if (Object.hasOwn(own, name)) return String(own[name]);
    return Object.hasOwn(env, name) ? env[name] : undefined;
  };
}
