import type { RenderProblem } from "../render-error.js";

/** What Kustomize takes for a patch. */
const FORMS =
  "a strategic merge patch needs apiVersion, kind and metadata.name, also with a target; a JSON 6902 patch is a list of operations, in JSON if it begins with [";

/**
 * The problem in an error of `kubectl kustomize` with `count` patches. Kustomize does not say which patch fails: the shortest
 * list of the first patches that fails ends with it. `attempt` returns the error with the first patches, or undefined.
 */
export async function explainPatch(
  count: number,
  stderr: string,
  attempt: (count: number) => Promise<string | undefined>,
): Promise<RenderProblem> {
  let passing = -1;
  let failing = count;
  let error = stderr;
  // Down to no patch at all: if that fails, the documents are at fault.
  while (failing - passing > 1) {
    const middle = Math.floor((passing + failing) / 2);
    const found = await attempt(middle);
    if (found === undefined) passing = middle;
    else [failing, error] = [middle, found];
  }
  const text = readable(error);
  if (failing === 0) return { message: `source.patches: Kustomize cannot read the rendered documents: ${text}` };
  return { message: `source.patches[${failing - 1}]: ${text}` };
}

/** An error of Kustomize in one line. Patches and parts of documents that are quoted are removed: they may hold secrets. */
function readable(stderr: string): string {
  const text = stderr
    .replace(/^(?:#.*\n|Warning:.*\n)+/gm, "")
    .replace(/^error: /, "")
    .replace(/^trouble configuring builtin PatchTransformer with config: `[^`]*`: /s, "")
    .replace(/^accumulating resources: /, "")
    .replace(/accumulation err='(.*?)': must build at directory: .*$/s, "$1")
    .replace(/ from \[patch: .*$/s, "")
    .replace(/ \[patch: .*$/s, "")
    .replace(/value: \{.*\}/gs, "value: …")
    .replace(/'[^']*documents\.yaml'/g, "the documents")
    .replace(/\s+/g, " ")
    .trim();
  if (text === "unable to parse SM or JSON patch") return `${text}: ${FORMS}`;
  return text === "" ? "Kustomize fails without a message" : text;
}
