import type { RenderProblem } from "../render-error.js";
import { joinPath, parentOf, type RepositoryPath, resolveTarget } from "../repository-path.js";

/** What an error of Kustomize is turned into a message with. */
export interface ExplainContext {
  /** Where the copy of the repository is. */
  readonly repository: string;
  /** Where the overlay is. */
  readonly overlay: string;
  /** The kustomization of the source. */
  readonly file: RepositoryPath;
  /** Copies of other repositories, and what their paths begin with in messages. */
  readonly bases?: readonly { readonly folder: string; readonly label: string }[];
  /** Values of Secrets may be quoted: then nothing that is quoted is shown. */
  readonly makesSecrets: boolean;
  /** Kustomizations that were read, by their folder as messages name it. */
  readonly texts?: ReadonlyMap<string, { readonly file: string; readonly text: string }>;
}

const RECURSED = /(?:recursed accumulation of path|couldn't make target for path) '([^']*)': /g;

/**
 * The problem in an error of `kubectl kustomize`: the innermost cause, with the names of the repository's files. Kustomize
 * quotes patches and literals in full; they may hold secrets, and are removed.
 */
export function explainKustomize(stderr: string, context: ExplainContext): RenderProblem {
  const { repository, overlay, file, makesSecrets, bases = [], texts } = context;
  let text = stderr
    .replace(/^(?:#.*\n|Warning:.*\n)+/gm, "")
    .replace(/^error: /, "")
    .trim();
  let folder: string | undefined;
  let last = 0;
  for (const match of text.matchAll(RECURSED)) {
    folder = match[1];
    last = match.index + match[0].length;
  }
  text = text.slice(last);
  for (const base of [...bases].reverse())
    text = text.replaceAll(`${base.folder}/`, base.label).replaceAll(base.folder, base.label.replace(/\/$/, ""));
  text = text
    .replace(/^(?:accumulating resources: )+/, "")
    .replace(/^accumulation err='.*?': (?=cycle detected)/s, "")
    .replace(/accumulation err='(.*?)': must build at directory: .*$/s, "$1")
    .replace(/`[^`]*`/gs, "…")
    .replace(/\[[^[\]]*\]/g, (quoted) => (/[\n:"']/.test(quoted) ? "[…]" : quoted))
    .replaceAll(`${repository}/`, "")
    .replaceAll(repository, ".")
    .replaceAll("../repo/", "")
    .replaceAll(overlay, "source.kustomize")
    .replace(/\s+/g, " ");
  if (makesSecrets && /secret|literal|env|data|value/i.test(text)) {
    text = text.replace(/"[^"]*"|'[^']*'/g, "…");
    if (/literal|env file|invalid variable/i.test(text))
      text = "a literal or a line of an env file is not of the form name=value";
  }
  const roots = [{ folder: repository, label: "" }, ...bases];
  const root = roots.find((one) => folder?.startsWith(`${one.folder}/`));
  const inFolder = root === undefined ? undefined : root.label + folder?.slice(root.folder.length + 1);
  const broken = /MalformedYAMLError: (.*) in File: (\S+)$/.exec(text);
  if (broken !== null && inFolder !== undefined) {
    const [, reason = "", name = ""] = broken;
    const line = Number(/line (\d+)/.exec(reason)?.[1] ?? Number.NaN);
    return {
      origin: { file: joinPath(inFolder, name), ...(Number.isNaN(line) ? {} : { line }) },
      message: reason.replace(/^yaml: line \d+: /, ""),
    };
  }
  const noObject = /^accumulating resources from '([^']*)': (.*)$/.exec(text);
  const resource = resolveTarget(joinPath(inFolder ?? parentOf(file), "x"), noObject?.[1] ?? "");
  if (noObject !== null && resource !== undefined)
    return { origin: { file: resource }, message: `the file is no Kubernetes object: ${noObject[2]}` };
  const field = /unknown field "([^"]+)"/.exec(text)?.[1];
  const written = texts?.get(inFolder ?? parentOf(file));
  if (field !== undefined && written !== undefined) {
    const line = 1 + written.text.split("\n").findIndex((one) => one.replace(/^[-\s{"']*/, "").startsWith(field));
    return {
      origin: { file: written.file, ...(line > 0 ? { line } : {}) },
      message: `kustomize: the field ${JSON.stringify(field)} is unknown`,
    };
  }
  const origin =
    inFolder === undefined || inFolder === "" ? { file } : { file: joinPath(inFolder, "kustomization.yaml") };
  return { origin, message: `kustomize: ${text === "" ? "failed without a message" : text}` };
}
