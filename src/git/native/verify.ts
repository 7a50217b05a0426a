import { GitError } from "../errors.js";
import type { GitOutcome, GitProgram } from "./program.js";

/** Parameters of a verification. */
export interface Verification {
  /** A bare repository whose list of shallow commits contains all of `commits`. */
  readonly directory: string;
  readonly objects: string;
  readonly alternate?: string;
  readonly commits: readonly string[];
  /** Previously verified commits, whose trees are not walked again. */
  readonly verified: readonly string[];
  readonly maxObjects: number;
  readonly signal: AbortSignal;
}

/** Result of a verification. */
export interface Verified {
  /** Number of objects in `commits` that are not in `verified`. */
  readonly objects: number;
  readonly outcome: GitOutcome;
  /** Ids in `commits` that are not commits: Git peels a tag to its commit. */
  readonly notCommits: readonly string[];
}

/**
 * Walks from commits to every tree and blob, in one child process. Exit code 0 proves that all objects exist; their ids were
 * computed from the content when the packs were indexed. The caller handles other exit codes. Throws `GIT_TOO_LARGE` for too many
 * objects; the size of a file is checked when it is read.
 */
export async function verify(git: GitProgram, verification: Verification): Promise<Verified> {
  const { directory, objects, alternate, commits, verified, maxObjects, signal } = verification;
  const counter = new LineCounter(maxObjects, commits.length);
  const outcome = await git.run({
    args: ["rev-list", "--objects", "--no-object-names", "--missing=error", "--stdin"],
    input: [...commits.map((id) => `${id}^{commit}`), ...verified.map((id) => `^${id}^{tree}`), ""].join("\n"),
    directory,
    objects,
    ...(alternate === undefined ? {} : { alternate }),
    onOutput: (chunk) => counter.push(chunk),
    signal,
  });
  const notCommits = outcome.code === 0 ? commits.filter((id) => !counter.first.has(id)) : [];
  return { objects: counter.lines, outcome, notCommits };
}

/** An id and a line break. */
const LINE = 41;

/** Counts lines and keeps the first ones. */
class LineCounter {
  lines = 0;
  readonly #max: number;
  readonly #keep: number;
  #kept = "";

  /** `keep` is the number of lines kept: Git prints all commits before other objects. */
  constructor(max: number, keep: number) {
    this.#max = max;
    this.#keep = keep * LINE;
  }

  /** The kept lines. */
  get first(): ReadonlySet<string> {
    return new Set(this.#kept.split("\n"));
  }

  push(chunk: Buffer): void {
    if (this.#kept.length < this.#keep) {
      this.#kept += chunk.toString("latin1", 0, this.#keep - this.#kept.length);
    }
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, end + 1)) {
      if (++this.lines > this.#max) {
        throw new GitError("GIT_TOO_LARGE", `the commit has more than the allowed ${this.#max} objects`);
      }
    }
  }
}
