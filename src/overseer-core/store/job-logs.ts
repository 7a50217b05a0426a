import type { Database } from "./database.js";

/** Lines that the log of a job keeps; what comes after them is dropped, and the last line says so. */
export const MAX_LOG_LINES = 10_000;

/** The logs of jobs, as numbered lines. */
export class JobLogs {
  readonly #count;
  readonly #add;
  readonly #all;
  readonly #tail;

  constructor(database: Database) {
    this.#count = database.query<{ count: number }>("SELECT count(*) AS count FROM job_logs WHERE job_id = ?");
    this.#add = database.query("INSERT OR IGNORE INTO job_logs (job_id, number, line) VALUES (?, ?, ?)");
    this.#all = database.query<{ line: string }>("SELECT line FROM job_logs WHERE job_id = ? ORDER BY number");
    this.#tail = database.query<{ line: string }>(
      "SELECT line FROM job_logs WHERE job_id = ? ORDER BY number DESC LIMIT ?",
    );
  }

  /** Lines that there are: the number of the next one. */
  count(jobId: string): number {
    return this.#count.get(jobId)?.count ?? 0;
  }

  /** Adds lines from a number on. Those that are there stay as they are. */
  add(jobId: string, from: number, lines: readonly string[]): void {
    for (const [index, line] of lines.entries()) {
      const number = from + index;
      if (number === MAX_LOG_LINES) this.#add.run(jobId, number, "the log is full: later lines are not kept");
      if (number >= MAX_LOG_LINES) return;
      this.#add.run(jobId, number, line);
    }
  }

  all(jobId: string): string[] {
    return this.#all.all(jobId).map((row) => row.line);
  }

  /** The last lines. */
  tail(jobId: string, lines: number): string[] {
    return this.#tail
      .all(jobId, lines)
      .map((row) => row.line)
      .reverse();
  }
}
