import type { Database } from "./database.js";

/** Maximum number of lines in the log of a job. Later lines are dropped, which the last line states. */
export const MAX_LOG_LINES = 10_000;

/** Table of job logs, as numbered lines. */
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

  /** Returns the number of lines, which is the number of the next line. */
  count(jobId: string): number {
    return this.#count.get(jobId)?.count ?? 0;
  }

  /** Adds lines starting at a number. Existing lines are not changed. */
  add(jobId: string, from: number, lines: readonly string[]): void {
    for (const [index, line] of lines.entries()) {
      const number = from + index;
      if (number === MAX_LOG_LINES) this.#add.run(jobId, number, "the log is full: later lines are dropped");
      if (number >= MAX_LOG_LINES) return;
      this.#add.run(jobId, number, line);
    }
  }

  all(jobId: string): string[] {
    return this.#all.all(jobId).map((row) => row.line);
  }

  /** Returns the last lines. */
  tail(jobId: string, lines: number): string[] {
    return this.#tail
      .all(jobId, lines)
      .map((row) => row.line)
      .reverse();
  }
}
