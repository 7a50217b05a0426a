import type { SecretTexts } from "../mask-texts.js";
import type { RenderProblem } from "../render-error.js";
import { joinPath } from "../repository-path.js";
import { type HelmOutputContext, repositoryFile } from "./output.js";

/** What an error of Helm is turned into a message with. */
export interface HelmErrorContext extends HelmOutputContext {
  /** Folder of the child, and what its value files are called for people: `values/0.yaml` → `source.helm.valuesFrom[0]`. */
  readonly workspace: string;
  readonly names: ReadonlyMap<string, string>;
  /** Texts that come from Secrets; undefined where there are no such values. */
  readonly secrets: SecretTexts | undefined;
}

/** The problem in an error of `helm template`, with the names of the repository's files, and no value of a Secret. */
export function explainHelm(stderr: string, context: HelmErrorContext): RenderProblem {
  const { folder, workspace, names, secrets } = context;
  let text = stderr
    .replace(/^(?:WARNING|level=|time=|walk\.go).*\n?/gm, "")
    .replace(/^Error: /m, "")
    .replace(/\n*Use --debug flag to render out invalid YAML\n*/, "")
    .trim();
  for (const [path, name] of names) text = text.replaceAll(`${workspace}/${path}`, name);
  text = text.replaceAll(`${workspace}/repo/`, "").replaceAll(workspace, "").replace(/\s+/g, " ");
  const missing = /missing in charts\/ directory: (.+)$/.exec(text)?.[1];
  if (missing !== undefined) {
    return {
      origin: { file: joinPath(folder, "Chart.yaml") },
      message: `the ${missing.includes(",") ? `dependencies ${missing} are` : `dependency ${missing} is`} not in charts/: run helm dependency build and commit charts/`,
    };
  }
  if (secrets !== undefined) text = secrets.hideQuoted(text);
  const place = /\(?\b([\w.-]+\/(?:templates|charts|crds)\/[^\s:()"]+?)(?::(\d+)(?::(\d+))?)?\)?(?::|\s|$)/.exec(text);
  if (place === null)
    return { origin: { file: joinPath(folder, "Chart.yaml") }, message: `helm: ${text || "failed without a message"}` };
  const [, source = "", line, column] = place;
  // In rendered YAML, lines are those of the output.
  const isTemplate = !/YAML parse error/.test(text);
  const origin = {
    file: repositoryFile(source, context),
    ...(line === undefined || !isTemplate ? {} : { line: Number(line) }),
  };
  return {
    origin,
    ...(column === undefined || !isTemplate ? {} : { column: Number(column) }),
    message: `helm: ${withoutPlace(text)}`,
  };
}

/** The location is already in the message. */
function withoutPlace(text: string): string {
  return text
    .replace(/^(?:execution|parse) error at \([^)]*\): /, "")
    .replace(/^\S+:\d+:\d+:? executing "[^"]*" at </, "at <")
    .replace(/^YAML parse error on \S+: (?:error converting YAML to JSON: )?(?:yaml: )?/, "the output is not YAML: ");
}
