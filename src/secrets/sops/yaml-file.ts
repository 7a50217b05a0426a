import {
  COLLECTION_STYLE,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  SCALAR_STYLE,
  YAMLException,
} from "js-yaml";
import { isRecord } from "../../manifest/shape.js";
import { readEvents } from "../../manifest/yaml/read-events.js";
import { type Chunk, countLines, splitDocuments } from "../../manifest/yaml/split.js";
import { reasonWithoutText } from "../../manifest/yaml/yaml-reason.js";
import { KUBERNETES_SCHEMA, resolveBigInt, resolveNumber } from "../../manifest/yaml/yaml-schema.js";
import { looksEncrypted } from "./encrypted-value.js";
import { decimalText } from "./plain-value.js";
import { type Leaf, type PlainValue, type SopsFile, sopsError } from "./sops-file.js";
import { type Edit, LineCounter, withEdits } from "./text-edits.js";

/** A value with its place in the text of its document. */
interface YamlLeaf extends Leaf {
  readonly start: number;
  readonly end: number;
}

interface YamlDocument {
  readonly text: string;
  /** One-based line of the file on which the text starts. */
  readonly line: number;
  readonly leaves: readonly YamlLeaf[];
  /** Scalars, in which `#` begins no comment. */
  readonly scalars: readonly { readonly start: number; readonly end: number }[];
  readonly metadata: { readonly start: number; readonly end: number; readonly value: unknown } | undefined;
}

/** Maximum number of documents: each is parsed by itself. */
const MAX_DOCUMENTS = 1_000;

const ENCRYPTED_COMMENT = /#ENC\[AES256_GCM,[^[\]#\r\n]*\]/g;

/**
 * Splits an encrypted YAML file. Values are replaced in the text, so that lines, comments and everything that is not encrypted stay as they are.
 *
 * @throws ManifestError
 */
export function readYamlFile(text: string, file: string): SopsFile {
  const chunks = splitDocuments(text);
  if (chunks.length > MAX_DOCUMENTS)
    throw sopsError(file, [{ line: 1, message: `the file has more than ${MAX_DOCUMENTS} documents: split it` }]);
  const documents = chunks.map((chunk) => readDocument(chunk, file));
  const first = documents.find(({ leaves, metadata }) => leaves.length > 0 || metadata !== undefined);
  const bare = documents.find(({ leaves, metadata }) => leaves.length > 0 && metadata === undefined);
  if (first?.metadata === undefined || bare !== undefined || !isRecord(first.metadata.value)) {
    const message =
      "a document of the encrypted file has no metadata of SOPS: it was added without sops; encrypt it with the others, or move it to another file";
    throw sopsError(file, [{ line: bare?.line ?? first?.line ?? 1, message }]);
  }
  return {
    leaves: documents.flatMap(({ leaves }) => leaves),
    metadata: first.metadata.value,
    line: first.line + countLines(first.text, first.metadata.start),
    write: (values) => Buffer.from(documents.map((document) => writeDocument(document, values)).join("")),
  };
}

function readDocument(chunk: Chunk, file: string): YamlDocument {
  try {
    const { text, events } = readEvents(chunk.text);
    return new DocumentReader(text, chunk.line, file, events).read();
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { mark } = error;
    throw sopsError(file, [{ line: chunk.line + (mark?.line ?? 0), message: reasonWithoutText(error.reason) }]);
  }
}

class DocumentReader {
  readonly #text: string;
  readonly #line: number;
  readonly #file: string;
  readonly #events: readonly Event[];
  readonly #leaves: YamlLeaf[] = [];
  readonly #scalars: { start: number; end: number }[] = [];
  #metadata: YamlDocument["metadata"];
  #at = 0;
  readonly #lines: LineCounter;

  constructor(text: string, line: number, file: string, events: readonly Event[]) {
    this.#text = text;
    this.#line = line;
    this.#file = file;
    this.#events = events;
    this.#lines = new LineCounter(text, line);
  }

  read(): YamlDocument {
    for (const event of this.#events) this.#check(event);
    const root = this.#events[1];
    if (root?.type === EVENT_ID.MAPPING) {
      this.#at = 2;
      this.#readMapping([], root.style === COLLECTION_STYLE.FLOW);
    } else if (root?.type === EVENT_ID.SCALAR && getScalarValue(this.#text, root) === "") {
      // A document of nothing but comments.
    } else if (root !== undefined && root.type !== EVENT_ID.POP) {
      throw this.#error(0, "a document of an encrypted file has to be a mapping");
    }
    return {
      text: this.#text,
      line: this.#line,
      leaves: this.#leaves,
      scalars: this.#scalars,
      metadata: this.#metadata,
    };
  }

  /** SOPS writes no anchors, aliases and tags: what they mean could differ between the check and the use. */
  #check(event: Event): void {
    if (event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return;
    const hasAnchor = event.anchorStart >= 0;
    const hasTag = event.type !== EVENT_ID.ALIAS && event.tagStart >= 0;
    if (!hasAnchor && !hasTag) return;
    const offset = hasAnchor ? event.anchorStart : "tagStart" in event ? event.tagStart : 0;
    throw this.#error(
      offset,
      "an encrypted file has no anchors, aliases or tags, because sops writes none: encrypt the file again",
    );
  }

  #readMapping(path: readonly string[], isFlowRoot = false): void {
    const seen = new Set<string>();
    for (;;) {
      const key = this.#events[this.#at];
      if (key === undefined || key.type === EVENT_ID.POP) break;
      if (key.type !== EVENT_ID.SCALAR) throw this.#error(0, "an encrypted file has plain keys only");
      const name = getScalarValue(this.#text, key);
      this.#scalars.push(this.#range(key));
      if (key.style === SCALAR_STYLE.PLAIN && isTyped(name))
        throw this.#error(
          key.valueStart,
          "a key of an encrypted file has to be text: put it in quotes, and encrypt the file again",
        );
      if (seen.has(name))
        throw this.#error(
          key.valueStart,
          "the key stands twice in its mapping: remove one, and encrypt the file again",
        );
      seen.add(name);
      this.#at++;
      if (path.length === 0 && name === "sops") this.#readMetadata(key.valueStart, isFlowRoot);
      else this.#readNode([...path, name]);
    }
    this.#at++;
  }

  #readNode(path: readonly string[]): void {
    const event = this.#events[this.#at++];
    if (event?.type === EVENT_ID.MAPPING) this.#readMapping(path);
    else if (event?.type === EVENT_ID.SEQUENCE) {
      while (this.#events[this.#at] !== undefined && this.#events[this.#at]?.type !== EVENT_ID.POP)
        this.#readNode(path);
      this.#at++;
    } else if (event?.type === EVENT_ID.SCALAR) {
      const range = this.#range(event);
      const value = getScalarValue(this.#text, event);
      const isPlain = event.style === SCALAR_STYLE.PLAIN;
      if (
        looksEncrypted(value) &&
        (event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK)
      )
        throw this.#error(event.valueStart, "an encrypted value stands on one line: restore what sops wrote");
      this.#scalars.push(range);
      const typed = isPlain ? typedText(value) : { text: value, isString: true };
      this.#leaves.push({ path, line: this.#lines.lineOf(range.start), ...typed, ...range });
    }
  }

  #readMetadata(start: number, isFlowRoot: boolean): void {
    const begin = this.#at;
    this.#skip();
    const events = [
      { ...this.#events[0] } as Event,
      ...this.#events.slice(begin, this.#at),
      { type: EVENT_ID.POP } as Event,
    ];
    const [value] = constructFromEvents(events, { source: this.#text, schema: KUBERNETES_SCHEMA });
    if (isFlowRoot) throw this.#error(start, "the metadata of SOPS stands in a flow mapping: restore what sops wrote");
    const next = this.#events[this.#at];
    const end = next?.type === EVENT_ID.SCALAR ? this.#range(next).start : this.#endOfDocument();
    this.#metadata = { start, end, value };
  }

  /** Where the document ends: at the end of the text, or at a line of three dots. */
  #endOfDocument(): number {
    const last = this.#scalars.at(-1)?.end ?? 0;
    const dots = /^\.\.\.(?=\s|$)/m.exec(this.#text.slice(last));
    return dots === null ? this.#text.length : last + dots.index;
  }

  #skip(): void {
    let depth = 0;
    do {
      const event = this.#events[this.#at++];
      if (event === undefined) return;
      if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth++;
      else if (event.type === EVENT_ID.POP) depth--;
      else if (event.type === EVENT_ID.SCALAR) this.#scalars.push(this.#range(event));
    } while (depth > 0);
  }

  #range({ style, valueStart, valueEnd }: Extract<Event, { readonly type: typeof EVENT_ID.SCALAR }>): {
    start: number;
    end: number;
  } {
    const quoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
    return { start: Math.max(0, valueStart - quoted), end: Math.max(0, valueEnd + quoted) };
  }

  #error(offset: number, message: string) {
    return sopsError(this.#file, [{ line: this.#lines.lineOf(offset), message }]);
  }
}

function writeDocument(document: YamlDocument, values: ReadonlyMap<Leaf, PlainValue>): string {
  const { text, leaves, scalars, metadata } = document;
  const edits: Edit[] = leaves.flatMap((leaf) => {
    const value = values.get(leaf);
    return value === undefined ? [] : [{ start: leaf.start, end: leaf.end, text: yamlText(value) }];
  });
  if (metadata !== undefined) {
    const { start, end } = metadata;
    edits.push({ start, end, text: text.slice(start, end).replace(/[^\r\n]+/g, "") });
  }
  let next = 0;
  for (const { index, 0: comment } of text.matchAll(ENCRYPTED_COMMENT)) {
    // Both are in the order of the text.
    while ((scalars[next]?.end ?? Number.POSITIVE_INFINITY) <= index) next++;
    const isInScalar = index >= (scalars[next]?.start ?? Number.POSITIVE_INFINITY);
    const isInMetadata = metadata !== undefined && index >= metadata.start && index < metadata.end;
    if (!isInScalar && !isInMetadata) edits.push({ start: index, end: index + comment.length, text: "#" });
  }
  return withEdits(text, edits);
}

/** A value on one line, in characters that every YAML reader takes. */
function yamlText({ type, text }: PlainValue): string {
  if (type === "bool") return text.toLowerCase();
  if (type !== "str") return text;
  let quoted = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === '"' || character === "\\") quoted += `\\${character}`;
    else if (character === "\n") quoted += "\\n";
    else if (character === "\t") quoted += "\\t";
    else if (code >= 0x20 && code < 0x7f) quoted += character;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, "0")}`;
    else quoted += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `"${quoted}"`;
}

/** A plain scalar as SOPS hashes it. What sops writes is canonical; other spellings fail the check of the MAC. */
function typedText(text: string): Pick<Leaf, "text" | "isString"> {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return { text: undefined, isString: false };
  if (/^(?:true|True|TRUE)$/.test(text)) return { text: "True", isString: false };
  if (/^(?:false|False|FALSE)$/.test(text)) return { text: "False", isString: false };
  const number = resolveNumber(text);
  if (number === undefined) return { text, isString: true };
  return {
    text: number.integer && text.length <= 40 ? resolveBigInt(text).toString() : decimalText(number.value),
    isString: false,
  };
}

function isTyped(text: string): boolean {
  const { isString } = typedText(text);
  return !isString;
}
