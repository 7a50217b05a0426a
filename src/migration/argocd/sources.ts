import type { ImportOptions } from "../conversion.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { comparableUrl } from "../names.js";
import { defined } from "../new-app.js";
import { type Repositories, type RepositoryRef, repositoryRefOf } from "../repositories.js";
import { readUrl } from "../user-info.js";
import { BuildEnvironment } from "./build-environment.js";
import { globsOf } from "./globs.js";
import { helmOf } from "./helm.js";
import { kustomizeOf } from "./kustomize.js";
import { refOf } from "./revision.js";

/** What sources of an Application are converted with. */
export interface SourceContext {
  readonly applicationName: string;
  /** How Argo CD calls it in variables. */
  readonly instanceName: string;
  readonly project: string;
  readonly appNamespace: string;
  /** Namespace for objects that set none. */
  readonly destinationNamespace: string;
  /** Namespace of the GitRepositories: that of Argo CD, where their credentials are. */
  readonly repositoryNamespace: string;
  readonly repositories: Repositories;
  readonly options: ImportOptions;
  /** Name of the Secret with the credentials of a URL; undefined if there is none. */
  readonly credential: (url: string) => string | undefined;
  /** `status.sourceType`: what Argo CD found in the path. */
  readonly detected: string | undefined;
  /** `status.sourceTypes`: the same of an Application with several sources. */
  readonly detectedOfEach: readonly string[];
  /** `status.sync.revision` of an Application with one source. */
  readonly revision: string | undefined;
}

/** One source of an app, and a suffix for its name where there are several. */
export interface ConvertedSource {
  readonly source: Readonly<Record<string, unknown>>;
  readonly suffix: string | undefined;
}

/** Converts the sources of an Application: one app for each that renders something. */
export function sourcesOf(spec: Fields, context: SourceContext, findings: Findings): readonly ConvertedSource[] {
  spec.reportIfSet(
    "sourceHydrator",
    "blocked",
    "is not supported: let the app read the rendered branch, or the sources that it is rendered from",
  );
  const several = spec.objects("sources");
  const single = several.length > 0 ? undefined : spec.object("source");
  const all = several.length > 0 ? several : single === undefined ? [] : [single];
  if (several.length > 0) spec.reportIfSet("source", "difference", "is ignored, as by Argo CD, because sources is set");
  if (all.length === 0 && !spec.has("sourceHydrator"))
    findings.add("blocked", spec.pathOf("source"), "is missing: the Application has no source");
  const refs = all.filter((source) => source.has("ref"));
  const rendering = all.filter((source) => source.has("path") || source.has("chart") || !source.has("ref"));
  for (const source of refs) if (!rendering.includes(source)) readReference(source);
  if (rendering.length > 1)
    findings.add(
      "difference",
      spec.pathOf("sources"),
      `become ${rendering.length} apps: overseer take-over takes them together`,
    );
  const { detectedOfEach: each } = context;
  // Versions of Argo CD differ in whether sources that only have values are listed.
  const listed = [all, rendering].find(({ length }) => length === each.length) ?? [];
  const detectedOf = (source: Fields): string | undefined =>
    several.length > 0 ? each[listed.indexOf(source)] : context.detected;
  return rendering.map((source, index) => ({
    source: sourceOf(source, refs, { ...context, detected: detectedOf(source) }, findings),
    suffix: rendering.length === 1 ? undefined : (source.text("name") ?? String(index + 1)),
  }));
}

/** Reads a source that only has values for others. */
function readReference(source: Fields): void {
  for (const name of ["ref", "repoURL", "targetRevision", "name"]) source.text(name);
}

function sourceOf(
  source: Fields,
  refs: readonly Fields[],
  context: SourceContext,
  findings: Findings,
): Record<string, unknown> {
  source.ignore("ref", "name");
  source.reportIfSet(
    "plugin",
    "blocked",
    "config management plugins are not supported: commit what the plugin renders, or use Kustomize or Helm",
  );
  const url = readUrl(source, "repoURL", secretPlace(source, context), findings);
  if (url === undefined) {
    findings.add("blocked", source.pathOf("repoURL"), "is missing");
    return {};
  }
  if (source.has("chart")) return chartOf(source, url, refs, context, findings);
  if (url.startsWith("oci://")) {
    source.report("repoURL", "blocked", "manifests from OCI registries are not supported: commit them to Git");
    return {};
  }
  const path = source.text("path") ?? ".";
  const ref = refOf(source, findings);
  const place = {
    path,
    refs: new Map(refs.map((one) => [one.text("ref") ?? "", one === source || isSameRevision(one, source)])),
    environment: environmentOf(source, url, context),
    releaseName: context.applicationName,
    namespace: context.destinationNamespace,
  };
  return defined({
    repositoryRef: repositoryRefOf(repositoryOf(url, context), context.appNamespace),
    path,
    ref,
    ...rendererOf(source, place, context, findings),
  });
}

function secretPlace(source: Fields, { appNamespace, repositoryNamespace }: SourceContext): string {
  return source.has("chart")
    ? `in namespace ${appNamespace}, and set source.helm.chart.secretRef`
    : `in namespace ${repositoryNamespace}, and set secretRef of the GitRepository`;
}

function isSameRevision(a: Fields, b: Fields): boolean {
  const key = (source: Fields): string =>
    `${comparableUrl(source.text("repoURL") ?? "")} ${source.text("targetRevision") ?? "HEAD"}`;
  return key(a) === key(b);
}

function environmentOf(source: Fields, url: string, context: SourceContext): BuildEnvironment {
  return new BuildEnvironment({
    applicationName: context.instanceName,
    namespace: context.destinationNamespace,
    project: context.project,
    repoUrl: url,
    path: source.text("path") ?? "",
    targetRevision: source.text("targetRevision") ?? "",
  });
}

type HelmPlace = Parameters<typeof helmOf>[1];

/** The renderer's settings: those that are set, or for what Argo CD has found. */
function rendererOf(
  source: Fields,
  place: HelmPlace,
  context: SourceContext,
  findings: Findings,
): Record<string, unknown> {
  const [helm, kustomize, directory] = [source.object("helm"), source.object("kustomize"), source.object("directory")];
  const { detected } = context;
  if (helm !== undefined || detected === "Helm") return { helm: helmOf(helm, place, findings) };
  if (kustomize !== undefined || detected === "Kustomize")
    return { kustomize: kustomize === undefined ? {} : kustomizeOf(kustomize, place.environment, findings) };
  if (directory === undefined && detected === undefined)
    findings.add(
      "difference",
      source.pathOf("path"),
      "if it has neither a kustomization nor a chart, Argo CD reads no subdirectories: then add plain: {recurse: false} to source",
    );
  if (directory === undefined && detected !== "Directory") return {};
  return directoryOf(directory, findings);
}

function directoryOf(directory: Fields | undefined, findings: Findings): Record<string, unknown> {
  const recurse = directory?.flag("recurse") === true;
  const jsonnet = directory?.object("jsonnet");
  for (const name of jsonnet?.names() ?? [])
    jsonnet?.reportIfSet(name, "blocked", "Jsonnet is not supported: commit what it renders");
  directory?.reportIfSet(
    "disableExtensionFilter",
    "blocked",
    "only .yaml, .yml and .json files are read: rename the others, or list them in source.include",
  );
  const globs = (name: "include" | "exclude"): readonly string[] | undefined => {
    const pattern = directory?.text(name);
    if (pattern === undefined) return undefined;
    const found = globsOf(pattern, recurse);
    if (found === undefined)
      findings.add(
        "blocked",
        directory?.pathOf(name) ?? name,
        "has no equal glob here: * does not cross directories, and ** does; write source.include and source.exclude by hand",
      );
    return found;
  };
  return defined({ plain: { recurse }, include: globs("include"), exclude: globs("exclude") });
}

/** A chart of a registry. Its values may be in a repository of another source. */
function chartOf(
  source: Fields,
  url: string,
  refs: readonly Fields[],
  context: SourceContext,
  findings: Findings,
): Record<string, unknown> {
  const version = chartVersion(source, context, findings);
  for (const name of ["kustomize", "directory", "path"])
    source.reportIfSet(name, "blocked", "does not fit to a chart: remove it");
  const values = refs[0];
  const place = {
    path: ".",
    refs: new Map(
      refs.map((one) => [one.text("ref") ?? "", values === undefined || isSameRevision(one, values)] as const),
    ),
    environment: environmentOf(source, url, context),
    releaseName: context.applicationName,
    namespace: context.destinationNamespace,
  };
  const helm = helmOf(source.object("helm"), place, findings);
  const repository = valuesRepository(values, source, context, findings);
  const secret = context.credential(url);
  if (secret !== undefined)
    findings.add(
      "manual",
      source.pathOf("repoURL"),
      `needs credentials: make a Secret with username and password in namespace ${context.appNamespace}, and set source.helm.chart.secretRef (Argo CD has them in Secret ${context.repositoryNamespace}/${secret})`,
    );
  const chart = { ...placeOfChart(url, source.text("chart")), version };
  return defined({
    repositoryRef: repository && repositoryRefOf(repository, context.appNamespace),
    path: ".",
    ref: values === undefined ? undefined : refOf(values, findings),
    helm: { ...helm, chart },
  });
}

/** Repository and name of a chart. In an OCI registry, which is written without a scheme, the name may have folders before it. */
function placeOfChart(url: string, chart = ""): { readonly repository: string; readonly name: string } {
  if (/^[a-z]+:\/\//.test(url)) return { repository: url, name: chart };
  const folders = chart.split("/");
  const name = folders.pop() ?? "";
  return { repository: [`oci://${url.replace(/\/+$/, "")}`, ...folders].join("/"), name };
}

function valuesRepository(
  values: Fields | undefined,
  source: Fields,
  context: SourceContext,
  findings: Findings,
): RepositoryRef | undefined {
  const url = values && readUrl(values, "repoURL", secretPlace(values, context), findings);
  if (url !== undefined) return repositoryOf(url, context);
  if (context.options.repository !== undefined) return context.options.repository;
  findings.add(
    "blocked",
    source.pathOf("chart"),
    "a chart of a registry needs a GitRepository beside it, which may hold its values: name one with --repository NAMESPACE/NAME",
  );
  return undefined;
}

function chartVersion(source: Fields, { revision }: SourceContext, findings: Findings): string | undefined {
  const wanted = source.text("targetRevision");
  if (wanted !== undefined && /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(wanted)) return wanted;
  const field = source.pathOf("targetRevision");
  if (revision !== undefined && /^v?\d+\.\d+\.\d+/.test(revision)) {
    findings.add(
      "difference",
      field,
      `is a range: the version in use, ${revision}, is written; let a tool such as Renovate raise it in Git`,
    );
    return revision;
  }
  findings.add(
    "blocked",
    field,
    "is no exact version, and the Application has no status that says which one is in use: write an exact version",
  );
  return undefined;
}

function repositoryOf(url: string, context: SourceContext): RepositoryRef {
  return context.repositories.use(url, context.repositoryNamespace, () => {
    const secret = context.credential(url);
    return defined({ url, secretRef: secret === undefined ? undefined : { name: secret } });
  });
}
