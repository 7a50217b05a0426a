import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CoreJobEnd, JobLane } from "../../api/core/job.js";
import { readJson, writeJson } from "./private-file.js";

/** Result of a job that the Core has not acknowledged. */
export interface UnreportedEnd {
  readonly jobId: string;
  readonly end: CoreJobEnd;
  /** Log lines that the Core has not acknowledged, and the number of the first one. */
  readonly from: number;
  readonly lines: readonly string[];
}

/**
 * Persists the result and last log lines of a job until the Core acknowledges them, so that a lost report is repeated
 * and the job does not run twice.
 */
export class Journal {
  readonly #path: string;

  /** Each worker of a lane has a journal of its own. */
  constructor(dataDir: string, lane: JobLane = "deploy", worker = 0) {
    const name = `${lane === "deploy" ? "" : `-${lane}`}${worker === 0 ? "" : `-${worker}`}`;
    this.#path = join(dataDir, `journal${name}.json`);
  }

  /**
   * Returns the result that the Core has not acknowledged. A damaged file is moved aside, and `onDamage` gets its new path: the Core then
   * hands out the job again.
   */
  unreported(onDamage: (path: string) => void): UnreportedEnd | undefined {
    try {
      return readJson<{ readonly ended: UnreportedEnd | null }>(this.#path)?.ended ?? undefined;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const aside = `${this.#path}.damaged`;
      renameSync(this.#path, aside);
      onDamage(aside);
      return undefined;
    }
  }

  done(ended: UnreportedEnd): void {
    writeJson(this.#path, { ended });
  }

  reported(): void {
    // Also on a full disk.
    rmSync(this.#path, { force: true });
  }
}
