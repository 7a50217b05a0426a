import { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { defined } from "../new-app.js";
import { repositoryRefOf } from "../repositories.js";
import { readUrl } from "../user-info.js";
import type { ArgoContext } from "./application.js";
import { refOf } from "./revision.js";

type Generator = Readonly<Record<string, unknown>>;

/** Generators without a counterpart, with what takes their place. */
const MISSING: readonly (readonly [string, string])[] = [
  [
    "clusters",
    "kubeconfigs are in Secrets of another form here: label those, and use the generator clusters with that selector",
  ],
  ["merge", "has no counterpart: write the merged parameters into files, for gitFiles"],
  ["scmProvider", "has no counterpart: list the repositories"],
  ["pullRequest", "has no counterpart"],
  ["clusterDecisionResource", "has no counterpart"],
  ["plugin", "has no counterpart: let a job commit its parameters, for gitFiles"],
];

/** Converts the generators of an ApplicationSet; reports those that have no equal. */
export function generatorsOf(
  spec: Fields,
  context: ArgoContext,
  home: string,
  findings: Findings,
): readonly Generator[] {
  const all = spec.objects("generators");
  if (all.length === 0) findings.add("blocked", spec.pathOf("generators"), "is empty");
  return all.flatMap((one) => generatorOf(one, context, home, findings));
}

function generatorOf(one: Fields, context: ArgoContext, home: string, findings: Findings): readonly Generator[] {
  one.reportIfSet("selector", "blocked", "has no counterpart: write only the parameters that are wanted");
  for (const [name, message] of MISSING) if (one.has(name)) one.report(name, "blocked", message);
  const matrix = one.object("matrix");
  if (matrix !== undefined) {
    const inner = matrix.objects("generators").flatMap((part) => generatorOf(part, context, home, findings));
    matrix.reportIfSet("template", "blocked", "has no counterpart: an OverseerAppSet has one template");
    if (inner.length !== 2 || inner.some((part) => "matrix" in part))
      findings.add("blocked", matrix.pathOf("generators"), "must be two generators that are no matrix themselves");
    return [{ matrix: { generators: inner } }];
  }
  const list = one.object("list");
  if (list !== undefined) return [listOf(list)];
  const git = one.object("git");
  return git === undefined ? [] : gitOf(git, context, home, findings);
}

function listOf(list: Fields): Generator {
  for (const name of ["elementsYaml", "template"])
    list.reportIfSet(name, "blocked", "has no counterpart: write elements");
  return { list: { elements: list.value("elements") ?? [] } };
}

function gitOf(
  git: Fields,
  { repositories, credential }: ArgoContext,
  home: string,
  findings: Findings,
): readonly Generator[] {
  git.ignore("requeueAfterSeconds");
  for (const name of ["template", "values"]) git.reportIfSet(name, "blocked", "has no counterpart");
  const url = readUrl(git, "repoURL", "in the namespace of the set", findings) ?? "";
  const ref = refOf(Fields.of({ targetRevision: git.text("revision") }, git.path, findings), findings);
  const name = repositories.use(url, home, () => {
    const secret = credential(url, home);
    return defined({ url, secretRef: secret === undefined ? undefined : { name: secret } });
  });
  const repository = { repositoryRef: repositoryRefOf(name, ""), ref };
  const as = git.text("pathParamPrefix");
  const [folders, files] = ["directories", "files"].map((field) => patternsOf(git.objects(field)));
  return [
    ...(folders?.wanted.length
      ? [defined({ gitFolders: defined({ ...repository, folders: folders.wanted, exclude: folders.exclude }), as })]
      : []),
    ...(files?.wanted.length
      ? [defined({ gitFiles: defined({ ...repository, files: files.wanted, exclude: files.exclude }), as })]
      : []),
  ];
}

function patternsOf(items: readonly Fields[]): {
  readonly wanted: readonly string[];
  readonly exclude: readonly string[] | undefined;
} {
  const [wanted, exclude]: [string[], string[]] = [[], []];
  for (const item of items) {
    const path = item.text("path");
    if (path !== undefined) (item.flag("exclude") === true ? exclude : wanted).push(path.replace(/^\.?\//, ""));
  }
  return { wanted, exclude: exclude.length === 0 ? undefined : exclude };
}
