import type { PreparedDocument } from "../manifest/to-document.js";
import type { RenderLimits } from "./limits.js";
import { type FileText, type ParseFiles, parseFile } from "./parser.js";
import type { RenderProblem } from "./render-error.js";

/** More than this is parsed on another thread. */
const MAX_INLINE_BYTES = 256 * 1024;

/** Documents of rendered output, and what is wrong in it. Lines of the output stand in no file, and are not named. */
export interface ParsedOutput {
  readonly documents: readonly PreparedDocument[];
  readonly problems: readonly RenderProblem[];
  /** Files with keys that stand twice, where that is allowed. */
  readonly repeatsKeys: readonly string[];
}

/** Parses what a renderer printed, cut by the files that it says the parts come from. */
export async function parseOutput(
  texts: readonly FileText[],
  limits: RenderLimits,
  parseElsewhere: ParseFiles,
): Promise<ParsedOutput> {
  const size = texts.reduce((sum, { text }) => sum + text.length, 0);
  // The whole output counts as one source, not as one file.
  const bounds = { ...limits, maxFileBytes: limits.maxTotalBytes };
  const outcomes =
    size > MAX_INLINE_BYTES ? await parseElsewhere(texts, bounds) : texts.map((text) => parseFile(text, bounds));
  const documents: PreparedDocument[] = [];
  const problems: RenderProblem[] = [];
  const repeatsKeys: string[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) {
      if (outcome.repeatsKeys) repeatsKeys.push(texts[index]?.file ?? "");
      for (const document of outcome.documents) documents.push({ ...document, origin: { file: document.origin.file } });
    } else {
      for (const { file, object, message } of outcome.problems) {
        problems.push({ origin: { file }, ...(object === undefined ? {} : { object }), message });
      }
    }
  }
  return { documents, problems, repeatsKeys };
}
