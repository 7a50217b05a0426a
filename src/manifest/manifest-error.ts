import { OverseerError } from "../base/errors.js";

/** One thing that is wrong in a file. The text never quotes a value of the file: it may be a secret. */
export interface ManifestProblem {
  /** Path in the repository. */
  readonly file: string;
  /** Counted from 1; undefined for rendered documents. */
  readonly line?: number | undefined;
  /** Counted from 1; absent when the problem is one of the whole document. */
  readonly column?: number;
  /** How people name the object, for example `Deployment shop/web`; absent when it could not be told. */
  readonly object?: string;
  /** What is wrong and what to do, without the place. */
  readonly message: string;
}

/** `apps/web.yaml:12:3: Deployment web: …`, on one line, whatever the file is called. */
export function formatProblem(problem: ManifestProblem): string {
  const file = onOneLine(problem.file);
  const place = [file, problem.line, problem.column].filter((part) => part !== undefined).join(":");
  return problem.object === undefined
    ? `${place}: ${problem.message}`
    : `${place}: ${onOneLine(problem.object)}: ${problem.message}`;
}

/** Names come from Git and may hold anything. */
function onOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

/** A file that cannot be read as Kubernetes objects. Holds all of its problems, the message only the first. */
export class ManifestError extends OverseerError {
  readonly problems: readonly ManifestProblem[];
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;

  /** `problems` holds at least one. */
  constructor(file: string, problems: readonly ManifestProblem[]) {
    const first = problems[0] ?? { file, line: 1, message: "cannot be read" };
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more in this file)` : "";
    super(formatProblem(first) + more, { code: "MANIFEST_INVALID", reason: "InvalidManifest", class: "terminal" });
    this.problems = problems;
    this.file = file;
    this.line = first.line;
    this.column = first.column;
  }
}
