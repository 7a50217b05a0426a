import { KnownLines } from "./known-lines.js";

/** A line of a log. */
export interface LogLine {
  /** RFC 3339 with nanoseconds; empty if the line has none. */
  readonly time: string;
  readonly text: string;
  /** Number of the log that the line is from, if several are merged. */
  readonly source?: number;
  /** Time by which lines of several logs are merged. */
  readonly order?: string;
}

/** Lines that never change again, unless an earlier line of another log arrives later, so that a page draws them once. */
export interface LogBlock {
  readonly id: number;
  readonly lines: readonly LogLine[];
}

/** Takes the lines of one log. */
export interface LogSink {
  /** Time from which a new connection has to send lines; undefined without a line. */
  readonly since: string | undefined;
  /** Number of lines that were received. */
  readonly total: number;
  /** Prepares for the lines of a new connection, which begins at `since`. */
  reconnected(): void;
  /** Adds lines in their order. Those that arrive again after a reconnect are dropped. */
  add(lines: readonly LogLine[]): void;
}

/** Lines of a block. */
const BLOCK = 200;
/** Lines that are kept. */
export const MAX_LINES = 20_000;

/** The last lines of one or several logs, merged by time. */
export class LogBuffer {
  #blocks: readonly LogBlock[] = [];
  #next = 0;
  #total = 0;

  /** The kept lines in blocks. */
  get blocks(): readonly LogBlock[] {
    return this.#blocks;
  }

  /** Number of lines that were received. */
  get total(): number {
    return this.#total;
  }

  /** Number of the lines that are not kept, the first ones. */
  get dropped(): number {
    return this.#total - this.#blocks.reduce((sum, { lines }) => sum + lines.length, 0);
  }

  /** Returns what takes the lines of a log. `source` is the number that its lines get. */
  sink(source?: number): LogSink {
    const known = new KnownLines();
    let total = 0;
    return {
      get since() {
        return known.since;
      },
      get total() {
        return total;
      },
      reconnected: () => known.reconnected(),
      add: (lines) => {
        const fresh = known.fresh(source === undefined ? lines : lines.map((line) => ({ ...line, source })));
        total += fresh.length;
        this.#merge(fresh);
      },
    };
  }

  /** Adds lines at the end, or among the last lines, where they belong by their time. */
  #merge(fresh: readonly LogLine[]): void {
    const first = fresh[0];
    if (first === undefined) return;
    this.#total += fresh.length;
    let kept = this.#blocks.length;
    while (kept > 0 && orderOf(this.#blocks[kept - 1]?.lines.at(-1)) > orderOf(first)) kept--;
    const later = this.#blocks.slice(kept).flatMap(({ lines }) => lines);
    this.#blocks = this.#blocks.slice(0, kept);
    this.#append(later.length === 0 ? fresh : mergeByTime(later, fresh));
  }

  #append(lines: readonly LogLine[]): void {
    const blocks = [...this.#blocks];
    for (let at = 0; at < lines.length; ) {
      const last = blocks.at(-1);
      const room = last === undefined ? 0 : BLOCK - last.lines.length;
      if (last === undefined || room === 0) {
        blocks.push({ id: this.#next++, lines: [] });
        continue;
      }
      blocks[blocks.length - 1] = { id: last.id, lines: [...last.lines, ...lines.slice(at, at + room)] };
      at += room;
    }
    this.#blocks = blocks.slice(-MAX_LINES / BLOCK);
  }
}

/** Merges two logs, each in its own order. Of lines with the same time, those of the first come first. */
export function mergeByTime(one: readonly LogLine[], other: readonly LogLine[]): LogLine[] {
  const merged: LogLine[] = [];
  let at = 0;
  for (const line of other) {
    for (let next = one[at]; next !== undefined && orderOf(next) <= orderOf(line); next = one[at]) {
      merged.push(next);
      at++;
    }
    merged.push(line);
  }
  return merged.concat(one.slice(at));
}

function orderOf(line: LogLine | undefined): string {
  return line?.order ?? line?.time ?? "";
}
