import { GitError } from "../errors.js";
import type { GitOutcome, GitProgram } from "./program.js";

/** What is to be proven whole, and out of which objects. */
export interface Verification {
  /** A bare repository whose list of shallow commits names all of `commits`. */
  readonly directory: string;
  readonly objects: string;
  readonly alternate?: string;
  readonly commits: readonly string[];
  /** Commits that were verified before: what is in their trees is not gone through again. */
  readonly verified: readonly string[];
  readonly maxObjects: number;
  readonly signal: AbortSignal;
}

/** How a verification ended. */
export interface Verified {
  /** Objects that belong to `commits` and not to `verified`. */
  readonly objects: number;
  readonly outcome: GitOutcome;
  /** Those of `commits` whose id is not a commit's: Git looks through a tag to its commit. */
  readonly notCommits: readonly string[];
}

/**
 * Walks from commits over every tree to every blob, in one child. A code of 0 proves that all of them are there; the ids
 * were computed from the content when the packs were indexed. The caller judges another code. Throws `GIT_TOO_LARGE` for
 * too many objects. How large a file is matters only to those who read it.
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

/** Counts lines, and keeps the first ones. */
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

  /** The lines that were kept. */
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
