import { join } from "node:path";
import type { CoreJobEnd } from "../../api/core/job.js";
import { readJson, writeJson } from "./private-file.js";

/** A job that is done, and whose end the Core has perhaps not heard of. */
export interface UnreportedEnd {
  readonly jobId: string;
  readonly end: CoreJobEnd;
  /** Lines of its log that the Core has perhaps not, and the number of the first of them. */
  readonly from: number;
  readonly lines: readonly string[];
}

/**
 * What an agent remembers of its work: the end of the last job and of its log, from the moment that it is done until the Core knows it. So a
 * report that got lost is made again, and the job is not done twice.
 */
export class Journal {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "journal.json");
  }

  unreported(): UnreportedEnd | undefined {
    return readJson<{ readonly ended: UnreportedEnd | null }>(this.#path)?.ended ?? undefined;
  }

  done(ended: UnreportedEnd): void {
    writeJson(this.#path, { ended });
  }

  reported(): void {
    writeJson(this.#path, { ended: null });
  }
}
