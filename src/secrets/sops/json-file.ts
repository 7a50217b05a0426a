import { isRecord } from "../../manifest/shape.js";
import { countLines } from "../../manifest/yaml/split.js";
import { decimalText } from "./plain-value.js";
import { type Leaf, type PlainValue, type SopsFile, sopsError } from "./sops-file.js";
import { type Edit, LineCounter, withEdits } from "./text-edits.js";

interface JsonLeaf extends Leaf {
  readonly start: number;
  readonly end: number;
}

const MAX_DEPTH = 64;
/** Any token but a string, and the quote that a string begins with. Strings are scanned: Git content must not decide the time of a pattern. */
const TOKEN = /[ \t\r\n]*(?:([{}[\]:,])|(")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null))/y;

/**
 * Splits an encrypted JSON file; undefined if it has no metadata of SOPS. Numbers, order and spaces of what is not encrypted stay as they
 * are. Unless the name ends in `.json`, an object with nothing but `data` is the envelope of a file that was encrypted as a whole.
 *
 * @throws ManifestError
 */
export function readJsonFile(text: string, file: string): SopsFile | undefined {
  const reader = new JsonReader(text, file);
  reader.read();
  const { leaves, metadata } = reader;
  if (metadata === undefined) return undefined;
  const { value, line } = metadata;
  if (!isRecord(value)) throw sopsError(file, [{ line, message: "the metadata of SOPS is not an object" }]);
  const [only, second] = leaves;
  if (only?.path.length === 1 && only.path[0] === "data" && second === undefined && !file.endsWith(".json")) {
    const write = (values: ReadonlyMap<Leaf, PlainValue>) => values.get(only)?.bytes ?? Buffer.from(only.text ?? "");
    return { leaves, metadata: value, line, isBinary: true, write };
  }
  const write = (values: ReadonlyMap<Leaf, PlainValue>): Buffer =>
    Buffer.from(withEdits(text, [...editsOf(leaves, values), { ...withoutMember(text, metadata), text: "" }]));
  return { leaves, metadata: value, line, write };
}

function editsOf(leaves: readonly JsonLeaf[], values: ReadonlyMap<Leaf, PlainValue>): Edit[] {
  return leaves.flatMap((leaf) => {
    const value = values.get(leaf);
    if (value === undefined) return [];
    const text =
      value.type === "str" ? JSON.stringify(value.text) : value.type === "bool" ? value.text.toLowerCase() : value.text;
    return [{ start: leaf.start, end: leaf.end, text }];
  });
}

/** The range of a member with the comma that goes with it. */
function withoutMember(text: string, { start, end }: { start: number; end: number }): { start: number; end: number } {
  const before = /,\s*$/.exec(text.slice(0, start));
  if (before !== null) return { start: before.index, end };
  const after = /^\s*,/.exec(text.slice(end));
  return { start, end: end + (after?.[0].length ?? 0) };
}

class JsonReader {
  readonly leaves: JsonLeaf[] = [];
  metadata:
    | { readonly start: number; readonly end: number; readonly line: number; readonly value: unknown }
    | undefined;
  readonly #text: string;
  readonly #file: string;
  readonly #lines: LineCounter;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#lines = new LineCounter(text);
  }

  read(): void {
    this.#expect("{");
    this.#object([], 0);
    if (this.#text.slice(this.#at).trim() !== "") throw this.error(this.#at, "the JSON does not end with its object");
  }

  error(offset: number, message: string) {
    return sopsError(this.#file, [{ line: 1 + countLines(this.#text, offset), message }]);
  }

  #next(): { readonly token: string; readonly start: number; readonly kind: "mark" | "string" | "other" } {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw this.error(this.#at, "the JSON cannot be read here: restore what sops wrote");
    this.#at = TOKEN.lastIndex;
    const [, mark, quote, other] = match;
    if (quote !== undefined) return this.#stringToken(this.#at - 1);
    const token = mark ?? other ?? "";
    return { token, start: this.#at - token.length, kind: mark === undefined ? "other" : "mark" };
  }

  #stringToken(start: number): { readonly token: string; readonly start: number; readonly kind: "string" } {
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    if (end >= this.#text.length)
      throw this.error(start, "the JSON has a text without an end: restore what sops wrote");
    this.#at = end + 1;
    return { token: this.#text.slice(start, this.#at), start, kind: "string" };
  }

  #expect(mark: string): void {
    const { token, start } = this.#next();
    if (token !== mark) throw this.error(start, `the JSON cannot be read here: expected ${mark}`);
  }

  #string(token: string, start: number): string {
    try {
      return JSON.parse(token) as string;
    } catch {
      throw this.error(start, "the JSON has a text that cannot be read: restore what sops wrote");
    }
  }

  #object(path: readonly string[], depth: number): void {
    const seen = new Set<string>();
    for (let first = true; ; first = false) {
      const { token, start, kind } = this.#next();
      if (first && token === "}") return;
      if (kind !== "string") throw this.error(start, "the JSON cannot be read here: expected a key");
      const key = this.#string(token, start);
      if (seen.has(key))
        throw this.error(start, "the key stands twice in its object: remove one, and encrypt the file again");
      seen.add(key);
      this.#expect(":");
      if (depth === 0 && key === "sops") this.#readMetadata(start);
      else this.#value([...path, key], depth + 1);
      const { token: mark, start: at } = this.#next();
      if (mark === "}") return;
      if (mark !== ",") throw this.error(at, "the JSON cannot be read here: expected a comma");
    }
  }

  #array(path: readonly string[], depth: number): void {
    const begin = this.#at;
    if (this.#next().token === "]") return;
    this.#at = begin;
    for (;;) {
      this.#value(path, depth + 1);
      const { token, start } = this.#next();
      if (token === "]") return;
      if (token !== ",") throw this.error(start, "the JSON cannot be read here: expected a comma");
    }
  }

  #value(path: readonly string[], depth: number): void {
    const { token, start, kind } = this.#next();
    if (depth > MAX_DEPTH) throw this.error(start, `the JSON is nested deeper than ${MAX_DEPTH} levels`);
    if (kind === "mark") {
      if (token === "{") this.#object(path, depth);
      else if (token === "[") this.#array(path, depth);
      else throw this.error(start, "the JSON cannot be read here: expected a value");
      return;
    }
    const text = kind === "string" ? this.#string(token, start) : textOf(token);
    const line = this.#lines.lineOf(start);
    this.leaves.push({ path, line, text, isString: kind === "string", start, end: this.#at });
  }

  #readMetadata(start: number): void {
    const begin = this.#at;
    const leaves = this.leaves.length;
    this.#value(["sops"], 1);
    this.leaves.length = leaves;
    this.metadata = {
      start,
      end: this.#at,
      line: this.#lines.lineOf(start),
      value: JSON.parse(this.#text.slice(begin, this.#at)),
    };
  }
}

/** A literal as SOPS hashes it. */
function textOf(token: string): string | undefined {
  if (token === "null") return undefined;
  if (token === "true") return "True";
  if (token === "false") return "False";
  return /^-?\d{1,20}$/.test(token) && BigInt.asIntN(64, BigInt(token)) === BigInt(token)
    ? BigInt(token).toString()
    : decimalText(Number(token));
}
