import type { ItemFilter, PathSegment } from "../document.js";
import { compile, type Expression, ExpressionError, variablesOf } from "../expressions/expression.js";

/** Longest path, in characters. */
export const MAX_CEL_PATH = 512;

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const INDEX = /\[\s*(?:(\d+)|"([^"\\]*)"|'([^'\\]*)')\s*\]/y;
const MACRO = /\.\s*(filter|map)\s*\(\s*([A-Za-z_][A-Za-z0-9_]*)\s*,/y;
const SELECT = /\.\s*([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]|\s*\()/y;
const SPACE = /\s*/y;

/**
 * Reads a CEL expression that selects fields of an object: `spec.template.spec.containers.filter(c, c.name == 'proxy').map(c, c.image)`.
 * Of CEL it may use fields, `[…]`, `filter`, and `map` to a field of the item.
 *
 * @throws ExpressionError with the position and the cause.
 */
export function parseCelPath(text: string): readonly PathSegment[] {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (text.length > MAX_CEL_PATH) throw new ExpressionError(`is longer than ${MAX_CEL_PATH} characters`);
  const path = checked(new Reader(text).read());
  if (parsed.size >= MAX_KEPT) parsed.clear();
  parsed.set(text, path);
  return path;
}

/** Compiled paths and conditions. They come from specs of apps, so there are few. */
const MAX_KEPT = 1_000;
const parsed = new Map<string, readonly PathSegment[]>();
const conditions = new Map<string, Expression>();

/**
 * Whether a filter selects an item of a list, or a key of a map. Undefined if the condition reads a field that `item` lacks, which may be
 * only a part of the real item.
 */
export function selects({ where, variable }: ItemFilter, item: unknown): boolean | undefined {
  try {
    return conditionOf(where).evaluate(variablesOf({ [variable]: item }));
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function conditionOf(where: string): Expression {
  const known = conditions.get(where);
  if (known !== undefined) return known;
  const compiled = compile(where);
  if (conditions.size >= MAX_KEPT) conditions.clear();
  conditions.set(where, compiled);
  return compiled;
}

/** Identity and ownership of an object cannot be ignored. */
function checked(path: readonly PathSegment[]): readonly PathSegment[] {
  const [root, field] = path;
  if (root === "apiVersion" || root === "kind") throw new ExpressionError(`${root} cannot be ignored`);
  if (root !== "metadata") return path;
  const isWhole = (field === "labels" || field === "annotations") && path.length === 2;
  if (typeof field !== "string" || field === "*" || isWhole || ["name", "namespace", "uid"].includes(field))
    throw new ExpressionError("metadata cannot be ignored as a whole: name a label or annotation");
  return path;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PathSegment[] {
    this.#match(SPACE);
    const path = this.#path();
    if (this.#at < this.#text.length) this.#fail("expected .field, [key], .filter(…) or .map(…)");
    return path;
  }

  /** Reads a path up to its end or an unmatched parenthesis. */
  #path(variable?: string): PathSegment[] {
    const root = this.#match(NAME)?.[0] ?? this.#fail("expected a field");
    if (variable !== undefined && root !== variable) this.#fail(`expected a field of ${variable}`);
    const path: PathSegment[] = variable === undefined ? [root] : [];
    for (;;) {
      const macro = this.#match(MACRO);
      if (macro !== undefined) {
        const [, name, item = ""] = macro;
        if (name === "filter") {
          path.push({ variable: item, where: this.#condition() });
        } else {
          // A map after a filter continues with the items of the filter.
          if (typeof path.at(-1) !== "object") path.push("*");
          this.#match(SPACE);
          path.push(...this.#path(item));
          this.#close();
        }
        continue;
      }
      const selected = this.#match(SELECT)?.[1] ?? this.#index();
      if (selected === undefined) break;
      if (typeof path.at(-1) === "object") this.#fail("a list has no fields: use map(c, c.field)");
      path.push(selected);
    }
    this.#match(SPACE);
    return path;
  }

  #index(): string | undefined {
    const found = this.#match(INDEX);
    return found && (found[1] ?? found[2] ?? found[3]);
  }

  /** Reads a condition up to the parenthesis that closes it, and compiles it. */
  #condition(): string {
    const start = this.#at;
    let depth = 0;
    let quote = "";
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at] ?? "";
      if (quote !== "") {
        if (character === "\\") this.#at++;
        else if (character === quote) quote = "";
      } else if (character === '"' || character === "'") quote = character;
      else if (character === "(") depth++;
      else if (character === ")" && depth-- === 0) {
        const where = this.#text.slice(start, this.#at).trim();
        this.#at++;
        conditionOf(where);
        return where;
      }
    }
    return this.#fail("the condition is not closed");
  }

  #close(): void {
    if (this.#text[this.#at] !== ")") this.#fail("expected )");
    this.#at++;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at = pattern.lastIndex;
    return found;
  }

  #fail(what: string): never {
    throw new ExpressionError(`at character ${this.#at + 1}: ${what}`);
  }
}
