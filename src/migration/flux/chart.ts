import { posix } from "node:path";
import type { InputObject } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { defined } from "../new-app.js";
import type { RepositoryRef } from "../repositories.js";
import { readUrl } from "../user-info.js";
import { missingRepository, originOf } from "./artifact-generator.js";
import { appNamespaceOf, artifactRules, type FluxContext, findObject } from "./context.js";
import { artifactOf } from "./source-ignore.js";

/** Where the chart of a HelmRelease comes from. */
export interface ConvertedChart {
  readonly repository: RepositoryRef | undefined;
  readonly path: string;
  /** Fields of `source.helm`. */
  readonly helm: Readonly<Record<string, unknown>>;
  /** Relative to the root of the repository. */
  readonly valueFiles: readonly string[];
  readonly ignoreMissing: boolean;
}

const EXACT = /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/;
const NOTHING: ConvertedChart = { repository: undefined, path: ".", helm: {}, valueFiles: [], ignoreMissing: false };

/** Converts `chart` or `chartRef` of a HelmRelease. */
export function chartOf(spec: Fields, object: InputObject, context: FluxContext, findings: Findings): ConvertedChart {
  const reference = spec.object("chartRef");
  const template = spec.object("chart");
  if (reference !== undefined) return referenced(reference, object, context, findings);
  const metadata = template?.object("metadata");
  for (const name of metadata?.names() ?? [])
    metadata?.reportIfSet(name, "difference", "is for the HelmChart of Flux, which is not needed");
  const chart = template?.object("spec");
  if (chart === undefined) {
    findings.add("blocked", "spec.chart", "is not set");
    return NOTHING;
  }
  return ofChartSpec(chart, object, context, findings);
}

/** Reads the fields that a HelmRelease's chart and a HelmChart share. */
function ofChartSpec(chart: Fields, object: InputObject, context: FluxContext, findings: Findings): ConvertedChart {
  chart.ignore("interval", "reconcileStrategy");
  chart.reportIfSet(
    "verify",
    "manual",
    "signatures of charts are not verified: pin the archive with helm.chart.digest",
  );
  const source = chart.object("sourceRef");
  const kind = source?.text("kind");
  const name = source?.text("name") ?? "";
  source?.ignore("apiVersion");
  const namespace = source?.text("namespace") ?? object.metadata.namespace ?? "default";
  const path = (chart.text("chart") ?? "").replace(/^(\.?\/)+/, "");
  const ignoreMissing = chart.flag("ignoreMissingValuesFiles") === true;
  if (kind === "GitRepository") {
    const missing = missingRepository({ namespace, name }, context);
    if (missing !== undefined) findings.add("blocked", source?.path ?? "", missing);
    chart.reportIfSet("version", "difference", "has no effect, as with Flux: the chart is that of the revision", ["*"]);
    const place = path === "" ? "." : path.replace(/\/+$/, "");
    const valueFiles = valueFilesOf(chart, place, findings);
    const { fields, selection } = artifactOf(artifactRules(context, namespace, name), place);
    const lost =
      typeof selection === "string" ? selection : [...(selection.include ?? []), ...selection.exclude].join(", ");
    if (lost !== "")
      findings.add(
        "blocked",
        source?.path ?? "",
        `${fields.join(" and ")} of GitRepository ${namespace}/${name} excludes files of the chart (${lost}), which source.exclude does not: write them into the .helmignore of the chart, and remove them there`,
      );
    return { repository: { namespace, name }, path: place, helm: {}, valueFiles, ignoreMissing };
  }
  const archived = valueFilesOf(chart, ".", findings);
  if (archived.length > 0)
    findings.add(
      "blocked",
      chart.pathOf("valuesFiles"),
      `${archived.join(", ")} are in the archive of the chart: commit them to the repository of the app, or copy them into values`,
    );
  const registry = kind === "HelmRepository" ? findObject(context, kind, namespace, name) : undefined;
  if (registry === undefined) {
    findings.add(
      "blocked",
      source?.path ?? chart.path,
      kind === "HelmRepository"
        ? `HelmRepository ${namespace}/${name} is not part of this import`
        : `${kind ?? "nothing"} is not supported as a source of charts: use a HelmRepository, an OCIRepository or a GitRepository`,
    );
    return NOTHING;
  }
  const fields = Fields.of(registry.spec, `${source?.path ?? chart.path}(${kind})`, new Findings());
  return ofRegistry(object, context, findings, {
    repository: readUrl(fields, "url", secretPlace(object), findings),
    name: chart.text("chart"),
    version: versionOf(chart.text("version"), chart.pathOf("version"), object, findings),
    secret: fields.object("secretRef")?.text("name"),
    insecure: fields.flag("insecure") === true,
    field: chart.path,
  });
}

/**
 * Reads the values files, relative to the root of the source, without the chart's own where they come first. With Flux, such files replace
 * those of the chart, which Helm always reads.
 */
function valueFilesOf(chart: Fields, path: string, findings: Findings): readonly string[] {
  const files = (chart.texts("valuesFiles") ?? []).map((file) => posix.normalize(file.replace(/^\/+/, "")));
  const own = posix.join(path, "values.yaml");
  if (files[0] === own) return files.slice(1);
  if (files.length > 0 && !files.includes(own))
    findings.add(
      "manual",
      chart.pathOf("valuesFiles"),
      `replace ${own} with Flux; here it is read as well, before them: if it has values that they do not have, set each of them to null in source.helm.values`,
    );
  return files;
}

function referenced(reference: Fields, object: InputObject, context: FluxContext, findings: Findings): ConvertedChart {
  const kind = reference.text("kind") ?? "";
  const name = reference.text("name") ?? "";
  reference.ignore("apiVersion");
  const namespace = reference.text("namespace") ?? object.metadata.namespace ?? "default";
  const found = findObject(context, kind, namespace, name);
  if (found === undefined || (kind !== "OCIRepository" && kind !== "HelmChart")) {
    findings.add(
      "blocked",
      reference.path,
      `${kind} ${namespace}/${name} is not part of this import, or not supported as a source of charts`,
    );
    return NOTHING;
  }
  if (kind === "HelmChart")
    return ofChartSpec(Fields.of(found.spec, `${reference.path}(HelmChart)`, findings), found, context, findings);
  const fields = Fields.of(found.spec, `${reference.path}(${kind})`, new Findings());
  const url = (readUrl(fields, "url", secretPlace(object), findings) ?? "").replace(/\/+$/, "");
  const ref = fields.object("ref");
  const [repository, chart] = [url.slice(0, url.lastIndexOf("/")), url.slice(url.lastIndexOf("/") + 1)];
  if (ref?.has("digest") === true)
    findings.add(
      "difference",
      reference.path,
      "the digest of the OCI manifest is not that of the archive: set helm.chart.digest to pin the chart",
    );
  return ofRegistry(object, context, findings, {
    repository,
    name: chart,
    version: versionOf(ref?.text("tag") ?? ref?.text("semver"), reference.path, object, findings),
    secret: fields.object("secretRef")?.text("name"),
    insecure: fields.flag("insecure") === true,
    field: reference.path,
  });
}

function secretPlace(object: InputObject): string {
  return `in namespace ${appNamespaceOf(object)}, and set source.helm.chart.secretRef`;
}

interface Registry {
  readonly repository: string | undefined;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly secret: string | undefined;
  readonly insecure: boolean;
  readonly field: string;
}

function ofRegistry(object: InputObject, context: FluxContext, findings: Findings, registry: Registry): ConvertedChart {
  const { secret, insecure, field } = registry;
  if (secret !== undefined)
    findings.add(
      "manual",
      field,
      `needs credentials: copy Secret ${secret} to namespace ${appNamespaceOf(object)}, with the keys username and password, and optionally ca.crt (a dockerconfigjson is not read)`,
    );
  const repository = parentRepository(object, context) ?? context.options.repository;
  if (repository === undefined)
    findings.add(
      "blocked",
      field,
      "a chart of a registry needs a GitRepository beside it, which may hold its values: name one with --repository NAMESPACE/NAME",
    );
  const chart = defined({
    repository: registry.repository,
    name: registry.name,
    version: registry.version,
    secretRef: secret === undefined ? undefined : { name: secret },
    plainHTTP: insecure || undefined,
  });
  return { repository, path: ".", helm: { chart }, valueFiles: [], ignoreMissing: false };
}

/** The exact version, or the one that Flux has installed. */
function versionOf(
  wanted: string | undefined,
  field: string,
  { status }: InputObject,
  findings: Findings,
): string | undefined {
  if (wanted !== undefined && EXACT.test(wanted)) return wanted;
  const { history, lastAttemptedRevision } = (status ?? {}) as { history?: unknown; lastAttemptedRevision?: unknown };
  const [last] = Array.isArray(history) ? (history as readonly { chartVersion?: unknown }[]) : [];
  const used = [last?.chartVersion, lastAttemptedRevision].find(
    (one): one is string => typeof one === "string" && EXACT.test(one.split("@")[0] ?? ""),
  );
  if (used !== undefined) {
    findings.add(
      "difference",
      field,
      `is a range: the version in use, ${used}, is written; let a tool such as Renovate raise it in Git`,
    );
    return used.replace(/@.*$/, "");
  }
  findings.add(
    "blocked",
    field,
    "is no exact version, and the HelmRelease has no status that says which one is in use: write an exact version, or import from the cluster",
  );
  return undefined;
}

/** The repository of the Kustomization that manages the HelmRelease: where its manifest is. */
function parentRepository({ metadata }: InputObject, context: FluxContext): RepositoryRef | undefined {
  const { labels = {} } = metadata as { labels?: Readonly<Record<string, string>> };
  const name = labels["kustomize.toolkit.fluxcd.io/name"];
  const namespace = labels["kustomize.toolkit.fluxcd.io/namespace"] ?? "";
  const parent = name === undefined ? undefined : findObject(context, "Kustomization", namespace, name);
  const { sourceRef } = (parent?.spec ?? {}) as { sourceRef?: { kind?: string; name?: string; namespace?: string } };
  if (typeof sourceRef?.name !== "string") return undefined;
  const source = { name: sourceRef.name, namespace: sourceRef.namespace ?? namespace };
  const origin = sourceRef.kind === "ExternalArtifact" ? originOf(source, ".", context) : undefined;
  const repository =
    sourceRef.kind === "GitRepository" ? source : typeof origin === "object" ? origin.repository : undefined;
  if (repository === undefined) return undefined;
  return context.isConverted(repository.namespace, repository.name) ? repository : undefined;
}
