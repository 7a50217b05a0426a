/**
 * Indents lines of flow collections and quoted scalars that js-yaml rejects. js-yaml follows YAML 1.2 and requires them to be
 * indented more than the enclosing block; kubectl, Compose and PyYAML do not, and a closing bracket below its key is common.
 * Indentation has no meaning there. Only white space at the start of lines is added.
 */
export function indentFlowLines(text: string): string {
  return new FlowIndenter(text).run();
}

/** Limit on added white space, to bound memory: a deeply indented line followed by many short ones would need a lot. */
const MAX_ADDED = 16 * 1024 * 1024;

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;

const isEol = (code: number): boolean => code === LF || code === CR;
/** Also true at the end of the text, where `charCodeAt` returns NaN. */
const isSpaceOrEnd = (code: number): boolean => code === SPACE || code === TAB || isEol(code) || Number.isNaN(code);
const isFlowIndicator = (code: number): boolean => code !== 0 && ",[]{}".includes(String.fromCharCode(code));

/** Scans block style far enough to find the ends of flow collections, quoted scalars, plain scalars and block scalars. */
class FlowIndenter {
  readonly #text: string;
  readonly #parts: string[] = [];
  /** Columns of the enclosing block collections, in ascending order. */
  readonly #columns: number[] = [];
  #at = 0;
  #lineStart = 0;
  /** Offset up to which the text has been copied to `#parts`. */
  #copied = 0;
  #added = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    while (this.#at < this.#text.length) this.#line();
    return this.#added > MAX_ADDED ? this.#text : this.#parts.join("") + this.#text.slice(this.#copied);
  }

  #code(offset = 0): number {
    return this.#text.charCodeAt(this.#at + offset);
  }

  #parentColumn(): number {
    return this.#columns.at(-1) ?? -1;
  }

  /** Scans a line of block style and the continuation lines of its last node. */
  #line(): void {
    this.#lineStart = this.#at;
    if (this.#atMarker()) {
      this.#columns.length = 0;
      this.#at += 3;
    } else if (this.#code() === 37 && this.#columns.length === 0) {
      this.#nextLine();
      return;
    }
    this.#skipSpaces();
    const column = this.#at - this.#lineStart;
    const isContent = !isEol(this.#code()) && this.#code() !== 35;
    while (isContent && this.#parentColumn() >= column) this.#columns.pop();
    this.#nodes();
  }

  /** Scans the nodes of a line. The last one can span further lines. */
  #nodes(): void {
    while (this.#at < this.#text.length) {
      this.#skipSpaces();
      const code = this.#code();
      const column = this.#at - this.#lineStart;
      if (isEol(code) || code === 35) {
        this.#nextLine();
        return;
      }
      if ((code === 45 || code === 63 || code === 58) && isSpaceOrEnd(this.#code(1))) {
        this.#open(column);
        this.#at++;
      } else if (code === 38 || code === 33 || code === 42) {
        while (!isSpaceOrEnd(this.#code())) this.#at++;
      } else if (code === 124 || code === 62) {
        this.#blockScalar();
        return;
      } else if (code === 34 || code === 39 || code === 91 || code === 123) {
        if (code === 34 || code === 39) this.#quoted(code);
        else this.#flow();
        this.#afterKey(column);
      } else if (!this.#plain(column)) {
        return;
      }
    }
  }

  #open(column: number): void {
    if (column > this.#parentColumn()) this.#columns.push(column);
  }

  /** If a `:` follows, the previous node is a key, and its column is the column of a mapping. */
  #afterKey(column: number): void {
    this.#skipSpaces();
    if (this.#code() !== 58 || !isSpaceOrEnd(this.#code(1))) return;
    this.#open(column);
    this.#at++;
  }

  /** Scans a plain scalar. Returns true if it is a key; otherwise it is consumed including continuation lines. */
  #plain(column: number): boolean {
    const text = this.#text;
    for (; this.#at < text.length && !isEol(this.#code()); this.#at++) {
      if (this.#code() === 58 && isSpaceOrEnd(this.#code(1))) {
        this.#open(column);
        this.#at++;
        return true;
      }
      if (this.#code() === 35 && isSpaceOrEnd(this.#code(-1))) break;
    }
    const ended = this.#code() === 35;
    this.#nextLine();
    while (!ended && this.#at < text.length && this.#goesOn()) this.#nextLine();
    return false;
  }

  /** Reports whether the current line continues the previous plain scalar: it is indented more and is not a comment or key. */
  #goesOn(): boolean {
    let at = this.#at;
    while (this.#text.charCodeAt(at) === SPACE) at++;
    const column = at - this.#at;
    while (this.#text.charCodeAt(at) === SPACE || this.#text.charCodeAt(at) === TAB) at++;
    const code = this.#text.charCodeAt(at);
    if (isEol(code)) return true;
    return column > this.#parentColumn() && code !== 35 && !this.#hasKey(at);
  }

  /** Reports whether a line contains a key, so that it does not continue a plain scalar. */
  #hasKey(from: number): boolean {
    let at = from;
    while (at < this.#text.length && !isEol(this.#text.charCodeAt(at))) {
      if (this.#text.charCodeAt(at) === 58 && isSpaceOrEnd(this.#text.charCodeAt(at + 1))) return true;
      at++;
    }
    return false;
  }

  /** Scans a block scalar: all lines that are indented more than the enclosing collection. */
  #blockScalar(): void {
    const parent = this.#parentColumn();
    this.#nextLine();
    while (this.#at < this.#text.length) {
      let at = this.#at;
      while (this.#text.charCodeAt(at) === SPACE) at++;
      if (!isEol(this.#text.charCodeAt(at)) && at - this.#at <= parent) return;
      this.#nextLine();
    }
  }

  #quoted(quote: number): void {
    this.#at++;
    while (this.#at < this.#text.length) {
      const code = this.#code();
      if (code === quote && quote === 39 && this.#code(1) === quote) this.#at += 2;
      else if (code === quote) {
        this.#at++;
        return;
      } else if (code === 92 && quote === 34 && !isEol(this.#code(1))) this.#at += 2;
      else if (isEol(code)) this.#lineWithin();
      else this.#at++;
    }
  }

  #flow(): void {
    let depth = 0;
    let inPlain = false;
    while (this.#at < this.#text.length) {
      const code = this.#code();
      if (isEol(code)) this.#lineWithin();
      else if (code === 35 && isSpaceOrEnd(this.#code(-1))) {
        while (this.#at < this.#text.length && !isEol(this.#code())) this.#at++;
        inPlain = false;
      } else if ((code === 34 || code === 39) && !inPlain) this.#quoted(code);
      else if ((code === 38 || code === 33 || code === 42) && !inPlain) {
        const verbatim = code === 33 && this.#code(1) === 60;
        while (!isSpaceOrEnd(this.#code()) && (verbatim || !isFlowIndicator(this.#code()))) this.#at++;
      } else {
        if (code === 91 || code === 123) depth++;
        if (code === 93 || code === 125) depth--;
        if (isFlowIndicator(code) || code === 58) inPlain = code === 58 && inPlain && !isSpaceOrEnd(this.#code(1));
        else if (code !== SPACE && code !== TAB) inPlain = true;
        this.#at++;
        if (depth === 0) return;
      }
    }
  }

  /** Consumes a line break in a flow collection or quoted scalar, and indents the next line if necessary. */
  #lineWithin(): void {
    this.#nextLine();
    const start = this.#at;
    if (this.#atMarker()) return;
    while (this.#code() === SPACE) this.#at++;
    const spaces = this.#at - start;
    this.#skipSpaces();
    if (isEol(this.#code()) || spaces > this.#parentColumn()) return;
    const needed = this.#parentColumn() + 1;
    this.#added += needed;
    if (this.#added > MAX_ADDED) return;
    this.#parts.push(this.#text.slice(this.#copied, start), " ".repeat(needed));
    this.#copied = this.#at;
  }

  /** Reports whether a document marker (`---` or `...`) follows. */
  #atMarker(): boolean {
    return /^(?:---|\.\.\.)/.test(this.#text.slice(this.#at, this.#at + 3)) && isSpaceOrEnd(this.#code(3));
  }

  #skipSpaces(): void {
    while (this.#code() === SPACE || this.#code() === TAB) this.#at++;
  }

  #nextLine(): void {
    while (this.#at < this.#text.length && !isEol(this.#code())) this.#at++;
    if (this.#code() === CR && this.#code(1) === LF) this.#at++;
    this.#at++;
    this.#lineStart = this.#at;
  }
}
