import { cutMiddle } from "../base/cut-text.js";
import { OverseerError } from "../base/errors.js";
import type { Origin } from "../manifest/document.js";
import { formatProblem, type ManifestProblem } from "../manifest/manifest-error.js";

/** One reason why a source cannot be rendered. */
export interface RenderProblem {
  readonly origin?: Origin;
  readonly column?: number;
  readonly object?: string;
  readonly message: string;
}

/** A problem of a file as one of the render. */
export function fromManifestProblem({ file, line, column, object, message }: ManifestProblem): RenderProblem {
  return {
    origin: { file, line },
    ...(column === undefined ? {} : { column }),
    ...(object === undefined ? {} : { object }),
    message,
  };
}

/** `apps/web.yaml:12:3: Deployment web: …`; without the place when the problem has none. */
export function formatRenderProblem(problem: RenderProblem): string {
  const { origin, ...rest } = problem;
  return origin ? formatProblem({ ...origin, ...rest }) : problem.message;
}

/** A condition has to be read on one screen. In bytes. */
const MAX_MESSAGE = 1000;
const MAX_LINE = 300;

/** The source cannot be rendered as it is. Holds every problem; the message names the first few, in 1 kB. */
export class RenderError extends OverseerError {
  readonly problems: readonly RenderProblem[];

  /** The first problem and the number of the others. */
  readonly brief: string;

  /** What follows from the problems: the end of the message. */
  readonly remark: string | undefined;

  constructor(problems: readonly RenderProblem[], remark?: string) {
    const end = remark === undefined ? "" : ` (${remark})`;
    super(`${summarise(problems, MAX_MESSAGE - Buffer.byteLength(end))}${end}`, {
      code: "RENDER_FAILED",
      reason: "RenderFailed",
      class: "terminal",
    });
    this.problems = problems;
    this.remark = remark;
    const [first] = problems;
    const more = problems.length - 1;
    const line = first === undefined ? "" : cutMiddle(formatRenderProblem(first), MAX_LINE);
    const brief =
      more > 0
        ? `${problems.length} problems, all of them in the log of the operator: ${line}; and ${more} more`
        : line;
    this.brief = `${brief}${end}`;
  }
}

/** The source took longer than it may. It may succeed on a machine that is less loaded: it is tried again, rarely. */
export class RenderTimeoutError extends RenderError {}

function summarise(problems: readonly RenderProblem[], max: number): string {
  let text = problems.length === 1 ? "" : `${problems.length} problems: `;
  for (const [index, problem] of problems.entries()) {
    const line = cutMiddle(formatRenderProblem(problem), MAX_LINE);
    const next = index === 0 ? `${text}${line}` : `${text}; ${line}`;
    const more = `; and ${problems.length - index} more`;
    if (index > 0 && Buffer.byteLength(next) + more.length > max) return text + more;
    text = next;
  }
  return text;
}

/** Nothing usable stands at `source.path` in the commit. */
export class PathNotFoundError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "SOURCE_PATH_NOT_FOUND", reason: "PathNotFound", class: "terminal" });
  }
}

/** The source needs a renderer that this version does not have, or a pattern that it does not take. */
export class UnsupportedSourceError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "SOURCE_UNSUPPORTED", reason: "UnsupportedSource", class: "terminal" });
  }
}
