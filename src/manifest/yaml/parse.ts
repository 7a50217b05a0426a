import { constructFromEvents, EVENT_ID, type Event, YAMLException } from "js-yaml";
import { DOCUMENT_GROUP } from "../../api/documents/group.js";
import type { KubeObject, Origin } from "../document.js";
import { nameHook } from "../hook.js";
import { ManifestError, type ManifestProblem } from "../manifest-error.js";
import { displayId } from "../object-id.js";
import { recognizeBeginning, recognizeDocument, recognizeUnreadable } from "../recognize.js";
import { checkSecret } from "../secret-shape.js";
import { checkShape, isRecord } from "../shape.js";
import { expandedSize } from "./expansion.js";
import { FieldLines } from "./field-lines.js";
import { expandList, itemOffsets, startOf } from "./list-items.js";
import { readEvents } from "./read-events.js";
import { findUnsafeScalars } from "./scalars.js";
import { type Chunk, countLines, splitDocuments } from "./split.js";
import { reasonWithoutText } from "./yaml-reason.js";
import { DOCUMENT_SCHEMA, KUBERNETES_SCHEMA } from "./yaml-schema.js";

/** An object of a file. YAML aliases can make it share parts, so it must not be modified in place. */
export interface ParsedDocument {
  readonly object: KubeObject;
  readonly origin: Origin;
}

/** Maximum number of aliases per document. */
export const MAX_ALIASES = 1000;
/** Maximum expanded size of all aliases of a file, in characters. */
export const MAX_EXPANDED = 8 * 1024 * 1024;

/** Limits that protect the process against malicious files. */
export interface ParseLimits {
  /** Maximum size of a file in bytes. */
  readonly maxFileBytes: number;
  /** Maximum number of objects per file, after lists are flattened. */
  readonly maxDocuments: number;
}

/** Well above the largest public manifests: install files of operators have up to 5 MB. */
export const DEFAULT_PARSE_LIMITS: ParseLimits = { maxFileBytes: 16 * 1024 * 1024, maxDocuments: 10_000 };

/** What a key that stands twice in a mapping means: an error, or that the last value is used, as kubectl and Helm read it. */
export type RepeatedKeys = "refused" | "last";

/** Message for a file that exceeds the limit. `bytes` is its size, if known. */
export function fileTooLarge(maxFileBytes: number, bytes?: number): string {
  const has = bytes === undefined ? "" : ` (it has ${bytes})`;
  return `the file is larger than ${maxFileBytes} bytes${has}: split it, leave it out with source.exclude, or raise --max-file-bytes of the operator`;
}

/** Maximum number of problems reported per file. Finding the line of each reads the file: reading stops at the last one. */
export const MAX_PROBLEMS = 50;

/**
 * Reads a file of Kubernetes objects: YAML with any number of documents, or JSON, as kubectl 1.35 reads it (see
 * `KUBERNETES_SCHEMA`). Skips empty documents, flattens lists and collects all problems of the file.
 *
 * @throws ManifestError and no other error.
 */
export function parseManifests(
  text: string,
  file: string,
  limits: ParseLimits = DEFAULT_PARSE_LIMITS,
  repeatedKeys: RepeatedKeys = "refused",
): ParsedDocument[] {
  return new FileReader(file, limits, repeatedKeys).read(text);
}

class FileReader {
  readonly #file: string;
  readonly #limits: ParseLimits;
  readonly #repeatedKeys: RepeatedKeys;
  readonly #documents: ParsedDocument[] = [];
  readonly #problems: ManifestProblem[] = [];
  #expanded = 0;
  #text = "";
  #lines: FieldLines | undefined;
  #counted: { readonly chunk: Chunk; readonly offset: number; readonly line: number } | undefined;

  constructor(file: string, limits: ParseLimits, repeatedKeys: RepeatedKeys) {
    this.#file = file;
    this.#limits = limits;
    this.#repeatedKeys = repeatedKeys;
  }

  read(text: string): ParsedDocument[] {
    const { maxFileBytes } = this.#limits;
    this.#text = text;
    const other = recognizeBeginning(text);
    if (text.length > maxFileBytes || Buffer.byteLength(text) > maxFileBytes) {
      this.#report(1, fileTooLarge(maxFileBytes, Buffer.byteLength(text)));
    } else if (other !== undefined) {
      this.#report(1, other);
    } else {
      for (const chunk of splitDocuments(text)) {
        if (this.#isDone) break;
        this.#readChunk(chunk);
      }
    }
    if (this.#problems.length > 0) throw new ManifestError(this.#file, this.#problems.slice(0, MAX_PROBLEMS));
    return this.#documents;
  }

  /** Whether reading on would find nothing that is shown. */
  get #isDone(): boolean {
    return this.#problems.length >= MAX_PROBLEMS || this.#documents.length > this.#limits.maxDocuments;
  }

  #readChunk(written: Chunk): void {
    let chunk = written;
    let events: Event[];
    let values: unknown[];
    try {
      const read = readEvents(chunk.text);
      events = read.events;
      chunk = { ...chunk, text: read.text };
      if (this.#reportUnsafe(chunk, events)) return;
      const options = { source: chunk.text, maxAliases: MAX_ALIASES, json: this.#repeatedKeys === "last" };
      values = constructFromEvents(events, { ...options, schema: KUBERNETES_SCHEMA });
      if (values.some(isOurDocument)) {
        values = constructFromEvents(events, { ...options, schema: DOCUMENT_SCHEMA });
      }
    } catch (error) {
      this.#reportYaml(chunk, error);
      return;
    }
    const hasAliases = events.some((event) => event.type === EVENT_ID.ALIAS);
    let next = 0;
    for (const [index, event] of events.entries()) {
      if (this.#isDone) return;
      if (event.type === EVENT_ID.DOCUMENT) this.#readDocument(chunk, events, index, values[next++], hasAliases);
    }
  }

  #readDocument(chunk: Chunk, events: readonly Event[], index: number, value: unknown, hasAliases: boolean): void {
    if (value === null || value === undefined) return;
    const root = events[index + 1];
    const start = root === undefined ? 0 : startOf(root);
    if (hasAliases && !this.#withinExpansion(chunk, start, value)) return;
    const couldBeList = isRecord(value) && typeof value.kind === "string" && value.kind.endsWith("List");
    const offsets = couldBeList ? itemOffsets(chunk.text, events, index + 1) : [];
    let at = start;
    for (const item of expandList(value, offsets) ?? [{ value, offset: start }]) {
      if (this.#isDone) return;
      at = Math.max(at, item.offset ?? at);
      this.#add(this.#lineAt(chunk, at), item.value);
    }
  }

  #add(line: number, value: unknown): void {
    const other = recognizeDocument(value);
    if (other !== undefined) {
      this.#report(line, other, nameOf(value));
      return;
    }
    const named = nameHook(value);
    const problems = [...checkShape(named), ...checkSecret(named)];
    if (problems.length > 0) {
      this.#lines ??= new FieldLines(this.#text);
      for (const { path, message } of problems.slice(0, MAX_PROBLEMS))
        this.#report(path.length === 0 ? line : this.#lines.lineOf(line, path), message, nameOf(value));
      return;
    }
    if (this.#documents.length === this.#limits.maxDocuments)
      this.#report(line, `the file holds more than ${this.#limits.maxDocuments} objects; split it`);
    this.#documents.push({ object: named as KubeObject, origin: { file: this.#file, line } });
  }

  #withinExpansion(chunk: Chunk, start: number, value: unknown): boolean {
    const size = expandedSize(value);
    if (size === undefined) {
      this.#report(this.#lineAt(chunk, start), "an anchor contains an alias of itself");
      return false;
    }
    this.#expanded += size;
    const most = Math.max(MAX_EXPANDED, this.#limits.maxFileBytes);
    if (this.#expanded <= most) return true;
    this.#report(this.#lineAt(chunk, start), `the aliases of the file expand to more than ${most} characters`);
    return false;
  }

  #reportYaml(chunk: Chunk, error: unknown): void {
    const known = recognizeUnreadable(chunk.text, this.#file);
    const hint = known === undefined ? "" : `; ${known}`;
    if (known?.startsWith("it looks like") === false) {
      this.#report(chunk.line, known);
      return;
    }
    if (!(error instanceof YAMLException)) {
      this.#report(chunk.line, `the YAML cannot be read${hint}`);
      return;
    }
    const mark = error.mark;
    const line = chunk.line + (mark?.line ?? 0);
    this.#report(line, `${reasonWithoutText(error.reason)}${hint}`, undefined, (mark?.column ?? 0) + 1);
  }

  /** Reports unsafe scalars. Returns whether there are any. */
  #reportUnsafe(chunk: Chunk, events: readonly Event[]): boolean {
    const unsafe = findUnsafeScalars(chunk.text, events);
    for (const { offset, message } of unsafe.slice(0, MAX_PROBLEMS)) this.#reportAt(chunk, offset, message);
    return unsafe.length > 0;
  }

  #reportAt(chunk: Chunk, offset: number, message: string): void {
    const lineStart = Math.max(chunk.text.lastIndexOf("\n", offset - 1), chunk.text.lastIndexOf("\r", offset - 1)) + 1;
    this.#report(this.#lineAt(chunk, offset), message, undefined, offset - lineStart + 1);
  }

  #report(line: number, message: string, object?: string, column?: number): void {
    this.#problems.push({
      file: this.#file,
      line,
      ...(column === undefined ? {} : { column }),
      ...(object === undefined ? {} : { object }),
      message,
    });
  }

  /** Counts on from the last answer: a file of many documents is not counted from its beginning for each. */
  #lineAt(chunk: Chunk, offset: number): number {
    const last = this.#counted;
    const from = last?.chunk === chunk && last.offset <= offset ? last : { offset: 0, line: chunk.line };
    const line = from.line + countLines(chunk.text, offset, from.offset);
    this.#counted = { chunk, offset, line };
    return line;
  }
}

/** Reports whether a value is an `overseer.io` document. These contain Compose and are read like Compose. */
function isOurDocument(value: unknown): boolean {
  return isRecord(value) && typeof value.apiVersion === "string" && value.apiVersion.startsWith(`${DOCUMENT_GROUP}/`);
}

/** Returns the display name of a possibly invalid object, if it has one. */
function nameOf(value: unknown): string | undefined {
  if (!isRecord(value) || typeof value.kind !== "string" || !isRecord(value.metadata)) return undefined;
  const { name, namespace } = value.metadata;
  if (typeof name !== "string" || name.length > 253 || value.kind.length > 63) return undefined;
  return displayId({ kind: value.kind, name, namespace: typeof namespace === "string" ? namespace.slice(0, 63) : "" });
}
