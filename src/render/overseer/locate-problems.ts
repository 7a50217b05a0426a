import type { RenderProblem } from "../render-error.js";
import { FieldLines } from "./field-line.js";
import { showPath } from "./field-path.js";
import type { FieldProblem } from "./reporter.js";

/** After so many, a problem keeps the line of its document: all of them would not be read. */
const MAX_LOCATED = 100;

/** Gives each problem the line of its field. `read` gives the text of a file, or undefined when it cannot. */
export async function locateProblems(
  problems: readonly FieldProblem[],
  read: (file: string) => Promise<string | undefined>,
): Promise<RenderProblem[]> {
  const files = new Map<string, FieldLines | undefined>();
  const located: RenderProblem[] = [];
  for (const { origin, object, path, message } of problems) {
    const { file } = origin;
    const isLocated = located.length < MAX_LOCATED;
    if (isLocated && !files.has(file)) {
      const text = await read(file);
      files.set(file, text === undefined ? undefined : new FieldLines(text));
    }
    const line = isLocated ? (files.get(file)?.lineOf(origin.line, path) ?? origin.line) : origin.line;
    const field = showPath(path);
    located.push({ origin: { file, line }, object, message: field === "" ? message : `${field}: ${message}` });
  }
  return located;
}
