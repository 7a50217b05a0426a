import type { SubstituteSource } from "../../api/external-values.js";
import { jsonText } from "../../base/hash.js";
import { displayId } from "../../manifest/object-id.js";
import { asWritten, idOf, type PreparedDocument } from "../../manifest/to-document.js";
import type { ExternalValues, Variable, Variables } from "../external-values.js";
import type { RenderLimits } from "../limits.js";
import { parseOutput } from "../parse-output.js";
import type { ParseFiles } from "../parser.js";
import { type RenderProblem, UnsupportedSourceError } from "../render-error.js";
import type { RendererOutput } from "../renderer.js";
import { isVariableName } from "./expand.js";
import { substituteObject } from "./substitute-object.js";

/** Increment when the same variables would give other documents. */
export const SUBSTITUTION_VERSION = 1;

/**
 * The variables of a source: those of objects, overridden by its own. An empty value of its own declares the name only.
 *
 * @throws UnsupportedSourceError for a name that is none.
 */
export function variablesOf({ variables = {} }: SubstituteSource, external: ExternalValues | undefined): Variables {
  const all = new Map<string, Variable>(external?.variables);
  for (const [name, value] of Object.entries(variables)) {
    if (!isVariableName(name)) {
      throw new UnsupportedSourceError(
        `source.substitute.variables: ${JSON.stringify(name.slice(0, 128))} is not the name of a variable: use letters, digits and _, and begin with a letter or _`,
      );
    }
    if (value !== "" || !all.has(name)) all.set(name, { value, secret: false });
  }
  return all;
}

/**
 * Replaces variables in rendered documents. Changed documents are checked again like those in files, since a value may make
 * them invalid. Documents with values of Secrets are confidential from then on.
 */
export async function substitute(
  output: RendererOutput,
  variables: Variables,
  limits: RenderLimits,
  parseElsewhere: ParseFiles,
): Promise<RendererOutput> {
  const problems: RenderProblem[] = [];
  const changed: {
    readonly index: number;
    readonly original: PreparedDocument;
    readonly confidential: boolean;
    readonly text: string;
  }[] = [];
  let bytes = 0;
  for (const [index, original] of output.documents.entries()) {
    const before = asWritten(original);
    const { object, used, faults } = substituteObject(before, variables);
    const { origin } = original;
    const name = displayId(idOf(before));
    for (const message of faults) problems.push({ origin, object: name, message });
    if (object === before) continue;
    const text = jsonText(object);
    bytes += text.length;
    if (bytes > limits.maxTotalBytes) {
      problems.push({
        origin,
        object: name,
        message: `with the values of its variables, the source is larger than ${limits.maxTotalBytes} bytes`,
      });
      break;
    }
    const confidential = [...used].some((variable) => variables.get(variable)?.secret);
    changed.push({ index, original, confidential, text });
  }
  if (problems.length > 0) return { ...output, documents: [], problems };
  const texts = changed.map(({ original, text }) => ({ file: original.origin.file, text }));
  const parsed = await parseOutput(texts, limits, parseElsewhere);
  if (parsed.problems.length > 0 || parsed.documents.length !== changed.length) {
    const found = parsed.problems.map((problem) => ({
      ...problem,
      message: `after the replacement of variables: ${problem.message}`,
    }));
    return { ...output, documents: [], problems: found };
  }
  const documents = [...output.documents];
  for (const [at, { index, original, confidential }] of changed.entries()) {
    const { written: _, ...document } = parsed.documents[at] as PreparedDocument;
    documents[index] = { ...document, origin: original.origin, ...(confidential ? { confidential } : {}) };
  }
  return { ...output, documents };
}
