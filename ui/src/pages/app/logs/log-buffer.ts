/** A line of a log. */
export interface LogLine {
  /** RFC 3339 with nanoseconds; empty if the line has none. */
  readonly time: string;
  readonly text: string;
}

/** Lines that never change again, so that a page draws them once. */
export interface LogBlock {
  readonly id: number;
  readonly lines: readonly LogLine[];
}

/** Lines of a block. */
const BLOCK = 200;
/** Lines that are kept. */
export const MAX_LINES = 20_000;

/** The last lines of a log. Lines that arrive again after a reconnect are dropped. */
export class LogBuffer {
  #blocks: readonly LogBlock[] = [];
  #next = 0;
  #total = 0;
  /** Time of the newest line, and the texts of all lines with it: a server sends these again. */
  #newest = "";
  #atNewest = new Map<string, number>();
  /** Lines of this connection that were seen in the one before. */
  #seen = new Map<string, number>();

  /** The kept lines in blocks; only the last block changes. */
  get blocks(): readonly LogBlock[] {
    return this.#blocks;
  }

  /** Number of lines that were received. */
  get total(): number {
    return this.#total;
  }

  /** Number of the first lines that are not kept. */
  get dropped(): number {
    return this.#total - this.#blocks.reduce((sum, { lines }) => sum + lines.length, 0);
  }

  /** Time from which a new connection has to send lines; undefined without a line. */
  get since(): string | undefined {
    return this.#newest === "" ? undefined : this.#newest;
  }

  /** Prepares for the lines of a new connection, which begins at `since`. */
  reconnected(): void {
    this.#seen = new Map(this.#atNewest);
  }

  /** Adds lines in their order. */
  add(lines: readonly LogLine[]): void {
    const fresh = lines.filter((line) => {
      const isNew = !this.#isKnown(line);
      if (isNew) this.#remember(line);
      return isNew;
    });
    this.#total += fresh.length;
    const blocks = [...this.#blocks];
    for (let at = 0; at < fresh.length; ) {
      const last = blocks.at(-1);
      const room = last === undefined ? 0 : BLOCK - last.lines.length;
      if (last === undefined || room === 0) {
        blocks.push({ id: this.#next++, lines: [] });
        continue;
      }
      blocks[blocks.length - 1] = { id: last.id, lines: [...last.lines, ...fresh.slice(at, at + room)] };
      at += room;
    }
    this.#blocks = blocks.slice(-MAX_LINES / BLOCK);
  }

  #isKnown({ time, text }: LogLine): boolean {
    if (time === "" || this.#seen.size === 0) return false;
    if (time < this.#newest) return true;
    const count = time === this.#newest ? (this.#seen.get(text) ?? 0) : 0;
    if (count === 0) return false;
    this.#seen.set(text, count - 1);
    return true;
  }

  #remember({ time, text }: LogLine): void {
    if (time === "") return;
    if (time > this.#newest) {
      this.#newest = time;
      this.#atNewest = new Map();
      this.#seen = new Map();
    }
    if (time === this.#newest) this.#atNewest.set(text, (this.#atNewest.get(text) ?? 0) + 1);
  }
}
