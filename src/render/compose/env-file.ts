import { interpolate, type Lookup } from "../overseer/interpolate.js";
import { unescapeText } from "./text.js";

/** A variable of a file, or a line that cannot be read. */
export type EnvFileEntry =
  | { readonly name: string; readonly value: string | undefined }
  | { readonly problem: string; readonly line: number };

/** Maximum size of a file in bytes, and of all its values together in characters. */
const MAX_SIZE = 2 ** 20;
/** Reading ends after this number of lines that cannot be read. */
const MAX_PROBLEMS = 20;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/**
 * Reads a file of variables as Compose does: comments, `export`, quotes, and variables in values that are not in single quotes,
 * which can refer to previous variables of the file and to those of `lookup`. With `raw`, values are taken as they are. A name
 * without a value is passed on from `lookup`. Ends with a problem where the file or its values are larger than 1 MiB, and after 20
 * problems.
 */
export function readEnvFile(text: string, lookup: Lookup, raw = false): EnvFileEntry[] {
  if (Buffer.byteLength(text) > MAX_SIZE)
    return [{ problem: "the file is larger than 1 MiB: remove what the service does not need", line: 1 }];
  return new EnvFileReader(text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n"), lookup, raw).read();
}

class EnvFileReader {
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #raw: boolean;
  readonly #values = new Map<string, string>();
  #at = 0;
  /** Characters that values may still have. */
  #left = MAX_SIZE;
  #problems = 0;
  #line = 1;
  /** Offset that `#line` is the line of. */
  #counted = 0;

  constructor(text: string, lookup: Lookup, raw: boolean) {
    this.#text = text;
    this.#lookup = lookup;
    this.#raw = raw;
  }

  read(): EnvFileEntry[] {
    const entries: EnvFileEntry[] = [];
    while (this.#at < this.#text.length && this.#problems < MAX_PROBLEMS) {
      const start = this.#at;
      const entry = this.#raw ? this.#rawLine() : this.#entry();
      if (entry === undefined) continue;
      this.#left -= "problem" in entry ? 0 : (entry.value?.length ?? 0);
      if (this.#left < 0) {
        const problem = "the values are larger than 1 MiB in total: shorten them, or use fewer variables in values";
        return [...entries, { problem, line: this.#lineOf(start) }];
      }
      if ("problem" in entry) {
        this.#problems += 1;
        entries.push({ problem: entry.problem, line: this.#lineOf(start) });
      } else {
        if (entry.value !== undefined) this.#values.set(entry.name, entry.value);
        entries.push(entry);
      }
    }
    return entries;
  }

  #nextLine(): string {
    const end = this.#text.indexOf("\n", this.#at);
    const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return line;
  }

  #rawLine(): EnvFileEntry | undefined {
    const line = this.#nextLine();
    if (line.trim() === "" || line.trimStart().startsWith("#")) return undefined;
    const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(line) ?? [];
    return this.#named(name.trim(), value);
  }

  #named(name: string, value: string | undefined): EnvFileEntry {
    if (!NAME.test(name)) return { problem: "expected NAME=value", line: 0 };
    return { name, value: value ?? this.#lookup(name) };
  }

  #entry(): EnvFileEntry | undefined {
    const begin = this.#at;
    const line = this.#nextLine();
    const [, head, name = "", separator, rest = ""] =
      /^(\s*(?:export\s+)?)([^=:#\s]*)\s*([=:])?(.*)$/s.exec(line) ?? [];
    if (line.trim() === "" || line.trimStart().startsWith("#")) return undefined;
    if (head === undefined || name === "") return { problem: "expected NAME=value", line: 0 };
    if (separator === undefined) return this.#named(name, undefined);
    const value = rest.trimStart();
    const quote = value[0];
    if (quote !== '"' && quote !== "'") return this.#named(name, this.#fill(value.replace(/\s#.*$/s, "").trim()));
    const start = begin + line.length - value.length;
    const end = closingQuote(this.#text, start, quote);
    if (end < 0) return { problem: `the quote of ${name.slice(0, 60)} is not closed`, line: 0 };
    this.#at = end + 1;
    this.#nextLine();
    const inner = this.#text.slice(start + 1, end);
    return this.#named(name, quote === "'" ? inner.replaceAll("\\'", "'") : this.#fill(unescapeQuoted(inner)));
  }

  #fill(value: string): string {
    let left = this.#left;
    const lookup: Lookup = (name) => {
      const found = this.#lookup(name) ?? this.#values.get(name) ?? "";
      left -= found.length;
      return left < 0 ? "" : found;
    };
    const filled = unescapeText(interpolate(value, lookup).text);
    if (left < 0) this.#left = -1;
    return filled;
  }

  /** Offsets must not decrease, so that the text is read once. */
  #lineOf(offset: number): number {
    for (; this.#counted < offset; this.#counted++) if (this.#text[this.#counted] === "\n") this.#line += 1;
    return this.#line;
  }
}

function closingQuote(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

function unescapeQuoted(text: string): string {
  return text.replaceAll(/\\(.)/gs, (all, character: string) => ESCAPES[character] ?? (character === "$" ? "$$" : all));
}
