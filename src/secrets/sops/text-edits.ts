import { countLines } from "../../manifest/yaml/split.js";

/** A part of a text, and what stands there instead. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits, which do not overlap. */
export function withEdits(text: string, edits: readonly Edit[]): string {
  let written = "";
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    written += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return written + text.slice(at);
}

/** Counts lines of a text whose offsets mostly go up, without counting from the beginning each time. */
export class LineCounter {
  readonly #text: string;
  readonly #first: number;
  #offset = 0;
  #lines = 0;

  /** `first`: number of the first line. */
  constructor(text: string, first = 1) {
    this.#text = text;
    this.#first = first;
  }

  lineOf(offset: number): number {
    if (offset < this.#offset) return this.#first + countLines(this.#text, offset);
    this.#lines += countLines(this.#text, offset, this.#offset);
    this.#offset = offset;
    return this.#first + this.#lines;
  }
}
