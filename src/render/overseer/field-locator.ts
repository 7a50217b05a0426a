import type { Origin } from "../../manifest/document.js";
import { showPath } from "../../manifest/field-path.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import type { FieldNote } from "./reporter.js";

/** A note or problem with its line. */
export interface Located {
  readonly origin: Origin;
  readonly object: string;
  readonly message: string;
  /** See `Note`. */
  readonly readable?: true;
}

/** Number of messages with exact lines. Further ones get the line of the document. */
const MAX_LOCATED = 100;

/** Cache: the notes of an unchanged document are the same objects in every render. */
const known = new WeakMap<FieldNote, Located>();

/** Finds the lines of fields. Reads and parses each file at most once, and only for new messages. */
export class FieldLocator {
  readonly #read: (file: string) => Promise<string | undefined>;
  readonly #files = new Map<string, FieldLines | undefined>();

  /** `read` returns the text of a file, or undefined if it is not available. */
  constructor(read: (file: string) => Promise<string | undefined>) {
    this.#read = read;
  }

  /** Adds the line and the field to each message. */
  async all(list: readonly FieldNote[]): Promise<Located[]> {
    const located: Located[] = [];
    for (const one of list) located.push(known.get(one) ?? (await this.#locate(one, located.length < MAX_LOCATED)));
    return located;
  }

  async #locate(one: FieldNote, exactly: boolean): Promise<Located> {
    const { origin, object, path, message, readable } = one;
    const lines = exactly ? await this.#linesOf(origin.file) : undefined;
    const line = origin.line === undefined ? undefined : (lines?.lineOf(origin.line, path) ?? origin.line);
    const field = showPath(path);
    const found = {
      origin: { file: origin.file, line },
      object,
      message: field === "" ? message : `${field}: ${message}`,
      ...(readable === undefined ? {} : { readable }),
    };
    if (exactly) known.set(one, found);
    return found;
  }

  async #linesOf(file: string): Promise<FieldLines | undefined> {
    if (this.#files.has(file)) return this.#files.get(file);
    const text = await this.#read(file);
    const lines = text === undefined ? undefined : new FieldLines(text);
    this.#files.set(file, lines);
    return lines;
  }
}
