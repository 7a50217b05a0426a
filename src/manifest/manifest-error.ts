import { OverseerError } from "../base/errors.js";

/** A problem in a file. Never quotes values of the file, because they may be secret. */
export interface ManifestProblem {
  /** Path in the repository. */
  readonly file: string;
  /** One-based. Undefined for rendered documents. */
  readonly line?: number | undefined;
  /** One-based. Unset if the problem concerns the whole document. */
  readonly column?: number;
  /** Display name of the object, for example `Deployment shop/web`, if known. */
  readonly object?: string;
  /** Cause and remedy, without the place. */
  readonly message: string;
}

/** Formats a problem on one line: `apps/web.yaml:12:3: Deployment web: …`. */
export function formatProblem(problem: ManifestProblem): string {
  const file = onOneLine(problem.file);
  const place = [file, problem.line, problem.column].filter((part) => part !== undefined).join(":");
  return problem.object === undefined
    ? `${place}: ${problem.message}`
    : `${place}: ${onOneLine(problem.object)}: ${problem.message}`;
}

/** File names come from Git and can contain any character. */
function onOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

/** A file that cannot be read as Kubernetes objects. Has all problems; the message contains only the first. */
export class ManifestError extends OverseerError {
  readonly problems: readonly ManifestProblem[];
  readonly file: string;
  readonly line: number | undefined;
  readonly column: number | undefined;

  /** `problems` must not be empty. */
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
