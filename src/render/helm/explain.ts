import type { SecretTexts } from "../mask-texts.js";
import type { RenderProblem } from "../render-error.js";
import { joinPath, type RepositoryPath } from "../repository-path.js";
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
  const broken = brokenYaml(stderr, context);
  if (broken !== undefined) return broken;
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

/** The problem of a values file or a `Chart.yaml` that is not YAML, or no object; undefined for other errors. */
function brokenYaml(stderr: string, context: HelmErrorContext): RenderProblem | undefined {
  const { chart, workspace, names, secrets } = context;
  const begin = stderr.indexOf("Error: ");
  if (begin < 0) return undefined;
  const text = stderr.slice(begin + "Error: ".length).trim();
  const values =
    /^failed to parse (.+?): ((?:cannot unmarshal|error converting|error unmarshaling|yaml:)[\s\S]*)$/.exec(text);
  const ofChart =
    /^((?:error unpacking subchart (?:tarball )?\S+ in \S+: )*)cannot load (Chart\.yaml|values\.yaml): ([\s\S]*)$/.exec(
      text,
    );
  let what: { readonly file?: RepositoryPath; readonly name?: string; readonly why: string };
  if (values !== null) {
    const path = (values[1] ?? "").replace(`${workspace}/`, "");
    const name = names.get(path);
    what = { ...(name === undefined ? { file: path.replace(/^repo\//, "") } : { name }), why: values[2] ?? "" };
  } else if (ofChart !== null) {
    const folders = [...(ofChart[1] ?? "").matchAll(/subchart (?:tarball )?(\S+) in/g)].map(
      ([, name]) => `charts/${name}/`,
    );
    const file = repositoryFile(`${chart}/${folders.join("")}${ofChart[2]}`, context);
    what = { file, why: ofChart[3] ?? "" };
  } else return undefined;
  const why = what.why
    .replace(/\s+/g, " ")
    .replace(/^(?:cannot unmarshal yaml document: |error converting YAML to JSON: |yaml: )+/, "");
  const [, line, rest = why] = /^line (\d+): (.*)$/.exec(why) ?? [];
  const kind = /cannot unmarshal (\w+) into Go value/.exec(rest)?.[1];
  const cause =
    kind === undefined
      ? `is not valid YAML: ${secrets === undefined ? rest : secrets.hideQuoted(rest)}`
      : `has to hold an object, but holds ${KINDS[kind] ?? `a ${kind}`}`;
  if (what.file === undefined)
    return { message: `${what.name} ${cause}${line === undefined ? "" : ` (line ${line})`}` };
  return {
    origin: { file: what.file, ...(line === undefined ? {} : { line: Number(line) }) },
    message: `the file ${cause}`,
  };
}

/** Kinds of values as Go calls them. */
const KINDS: Readonly<Record<string, string>> = { array: "a list", string: "text", bool: "a boolean" };
