import type { Database } from "./database.js";

/** Size of the log of a job in bytes. Beyond it, lines in the middle are dropped: the beginning says what was done, the end why it failed. */
const MAX_LOG_BYTES = 2 * 1024 * 1024;
/** What is kept of the beginning, in bytes. */
const HEAD_BYTES = 512 * 1024;
/** Bytes beyond the limit that are dropped together, so that a log is not measured line by line. */
const SLACK_BYTES = 256 * 1024;
/** What a line costs besides its text. */
const LINE_BYTES = 64;

interface SizedLine {
  readonly number: number;
  readonly bytes: number;
}

/** A part of a log. */
export interface LogPart {
  /** Lines; one in the place of dropped ones says how many they were. */
  readonly logs: string[];
  /** Number of the line after them. */
  readonly next: number;
}

/** Table of job logs, as numbered lines. */
export class JobLogs {
  readonly #next;
  readonly #add;
  readonly #bytes;
  readonly #sizes;
  readonly #drop;
  readonly #from;
  readonly #tail;

  constructor(database: Database) {
    this.#next = database.query<{ next: number }>(
      "SELECT coalesce(max(number) + 1, 0) AS next FROM job_logs WHERE job_id = ?",
    );
    this.#add = database.query("INSERT INTO job_logs (job_id, number, line) VALUES (?, ?, ?)");
    const size = `octet_length(line) + ${LINE_BYTES}`;
    this.#bytes = database.query<{ bytes: number }>(
      `SELECT coalesce(sum(${size}), 0) AS bytes FROM job_logs WHERE job_id = ?`,
    );
    this.#sizes = database.query<SizedLine>(
      `SELECT number, ${size} AS bytes FROM job_logs WHERE job_id = ? ORDER BY number`,
    );
    this.#drop = database.query("DELETE FROM job_logs WHERE job_id = ? AND number BETWEEN ? AND ?");
    this.#from = database.query<{ number: number; line: string }>(
      "SELECT number, line FROM job_logs WHERE job_id = ? AND number >= ? ORDER BY number",
    );
    this.#tail = database.query<{ line: string }>(
      "SELECT line FROM job_logs WHERE job_id = ? ORDER BY number DESC LIMIT ?",
    );
  }

  /** Returns the number of the next line. */
  next(jobId: string): number {
    return this.#next.get(jobId)?.next ?? 0;
  }

  /** Adds lines starting at a number. Lines that were added before are not changed. */
  add(jobId: string, from: number, lines: readonly string[]): void {
    const next = this.next(jobId);
    for (const [index, line] of lines.entries()) if (from + index >= next) this.#add.run(jobId, from + index, line);
    if ((this.#bytes.get(jobId)?.bytes ?? 0) <= MAX_LOG_BYTES + SLACK_BYTES) return;
    const middle = middleOf(this.#sizes.all(jobId));
    if (middle !== undefined) this.#drop.run(jobId, ...middle);
  }

  /** Returns the log from a line on. */
  from(jobId: string, number = 0): LogPart {
    const logs: string[] = [];
    let next = number;
    for (const row of this.#from.all(jobId, number)) {
      if (row.number > next) logs.push(`… ${row.number - next} lines omitted: the log is too long …`);
      logs.push(row.line);
      next = row.number + 1;
    }
    return { logs, next };
  }

  /** Returns the last lines. */
  tail(jobId: string, lines: number): string[] {
    return this.#tail
      .all(jobId, lines)
      .map((row) => row.line)
      .reverse();
  }
}

/** Returns the first and the last number of the lines to drop; undefined if nothing is between the beginning and the end. */
function middleOf(lines: readonly SizedLine[]): readonly [number, number] | undefined {
  let head = 0;
  // The beginning ends at the lines that were dropped before.
  const first = lines.find(({ number, bytes }, index) => {
    head += bytes;
    return number !== index || head > HEAD_BYTES;
  });
  let tail = 0;
  const last = lines.findLast(({ bytes }) => {
    tail += bytes;
    return tail > MAX_LOG_BYTES - HEAD_BYTES;
  });
  if (first === undefined || last === undefined || first.number > last.number) return undefined;
  return [first.number, last.number];
}
