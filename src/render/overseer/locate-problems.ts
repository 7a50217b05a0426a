import type { RenderProblem } from "../render-error.js";
import { lineOfField } from "./field-line.js";
import { showPath } from "./field-path.js";
import type { FieldProblem } from "./reporter.js";

/** After so many, a problem keeps the line of its document: all of them would not be read. */
const MAX_LOCATED = 100;

/** Gives each problem the line of its field. `read` gives the text of a file, or undefined when it cannot. */
export async function locateProblems(
  problems: readonly FieldProblem[],
  read: (file: string) => Promise<string | undefined>,
): Promise<RenderProblem[]> {
  const texts = new Map<string, string | undefined>();
  const located: RenderProblem[] = [];
  for (const { origin, object, path, message } of problems) {
    const { file } = origin;
    if (located.length < MAX_LOCATED && !texts.has(file)) texts.set(file, await read(file));
    const text = located.length < MAX_LOCATED ? texts.get(file) : undefined;
    const line = text === undefined ? origin.line : lineOfField(text, origin.line, path);
    const field = showPath(path);
    located.push({ origin: { file, line }, object, message: field === "" ? message : `${field}: ${message}` });
  }
  return located;
}
