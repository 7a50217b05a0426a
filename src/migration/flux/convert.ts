import { checkNames } from "../check-names.js";
import type { Conversion, ImportOptions, ImportResult, InputObject, OutputManifest } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { FINALIZER_OF_OTHER, readMetadata } from "../object-metadata.js";
import { usersOf } from "../repositories.js";
import type { FluxContext } from "./context.js";
import { convertGitRepository } from "./git-repository.js";
import { convertHelmRelease } from "./helm-release.js";
import { type ConvertedApp, convertKustomization } from "./kustomization.js";

/** Converts GitRepositories, Kustomizations and HelmReleases. Other sources are reported. */
export function convertFlux(objects: readonly InputObject[], options: ImportOptions): ImportResult {
  const apps = objects.filter(isKustomization);
  const releases = objects.filter(({ kind }) => kind === "HelmRelease");
  const manifests: OutputManifest[] = [];
  const conversions: Conversion[] = [];
  const known = new Set<string>();
  const repositories = objects.filter(
    ({ kind, apiVersion }) => kind === "GitRepository" && !apiVersion.startsWith("gitops."),
  );
  // First what can be converted; then, with its users, how.
  for (const repository of repositories)
    if (convertGitRepository(repository, []).manifest !== undefined) known.add(keyOf(repository));
  const context: FluxContext = {
    objects,
    options,
    isConverted: (namespace, name) => known.has(`${namespace}/${name}`),
  };
  const converted: ConvertedApp[] = [
    ...apps.map((object) => convertKustomization(object, context)),
    ...releases.map((object) => convertHelmRelease(object, context)),
  ];
  const made = converted.flatMap(({ app }) => app ?? []);
  for (const repository of repositories) {
    const { name, namespace = "default" } = repository.metadata;
    const { manifest, conversion } = convertGitRepository(repository, usersOf({ name, namespace }, made));
    if (manifest !== undefined) manifests.push(manifest);
    conversions.push(conversion);
  }
  for (const { app, conversion } of converted) {
    if (app !== undefined) manifests.push(app);
    conversions.push(conversion);
  }
  for (const object of objects) {
    const text = SOURCES.get(object.kind);
    if (text !== undefined) conversions.push(reportSource(object, text));
    if (object.apiVersion.startsWith("image.toolkit.fluxcd.io/")) conversions.push(reportAutomation(object));
  }
  return checkNames({ manifests, conversions });
}

/** Sources that have no object of their own here. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ["HelmRepository", "is written into source.helm.chart of each app that uses it"],
  ["HelmChart", "is written into source.helm.chart of each app that uses it"],
  [
    "OCIRepository",
    "is written into source.helm.chart of each app that takes its chart from it; manifests of OCI registries are not supported",
  ],
  ["Bucket", "is not supported: commit the manifests to Git"],
  ["ArtifactGenerator", "is not needed: the apps read the folders of the repository that it copies"],
]);

function isKustomization({ apiVersion, kind }: InputObject): boolean {
  // kustomization.yaml files have the same kind.
  return kind === "Kustomization" && apiVersion.startsWith("kustomize.toolkit.fluxcd.io/");
}

function keyOf({ metadata }: InputObject): string {
  return `${metadata.namespace ?? "default"}/${metadata.name}`;
}

/** Image automation writes to Git, which nothing does here: another program has to propose new tags. */
function reportAutomation({ kind, metadata: { name, namespace = "default" } }: InputObject): Conversion {
  const message =
    kind === "ImageUpdateAutomation"
      ? "writes image tags to Git, which has no counterpart: let it go on, since it needs no Kustomization of Flux but its GitRepository, or let the CI or Renovate propose new tags"
      : "is of use to image automation only: keep it as long as you keep its ImageUpdateAutomation";
  return {
    ...{ kind, namespace, name, results: [], converted: [] },
    findings: [{ level: "manual", field: "", message }],
  };
}

/** The layer of an OCI artifact that is the archive of a chart. */
const CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/** Fields of sources that have an effect on charts, or none. */
const READ = [
  "url",
  "type",
  "interval",
  "timeout",
  "chart",
  "sourceRef",
  "sources",
  "artifacts",
  "valuesFiles",
  "reconcileStrategy",
  "version",
  "insecure",
  "secretRef",
];
const REPORTED: readonly (readonly [string, string])[] = [
  ["certSecretRef", "CA and client certificates: put ca.crt into the Secret of helm.chart.secretRef"],
  ["passCredentials", "credentials are only sent to the host of the repository"],
  ["verify", "signatures of charts are not verified: pin the archive with helm.chart.digest"],
  ["proxySecretRef", "proxies are those of the operator"],
  ["serviceAccountName", "workload identity is not supported: use a Secret with username and password"],
  [
    "pathPattern",
    "is not supported: an app for each folder that exists, or an OverseerAppSet with the generator gitDirectories",
  ],
  ["ignore", "has no effect on charts"],
  ["accessFrom", "has no counterpart"],
  ["suspend", "has no counterpart: a chart is pulled once for each version"],
  ["ignoreMissingValuesFiles", "is read from the HelmRelease"],
];

function reportSource(object: InputObject, text: string): Conversion {
  const findings = new Findings();
  const root = Fields.of(object, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  readMetadata(object.metadata, findings, FINALIZER_OF_OTHER);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  findings.add(object.kind === "Bucket" ? "manual" : "difference", "", text);
  if (object.kind === "Bucket") for (const name of spec.names()) spec.reportIfSet(name, "manual", "is not converted");
  const ref = spec.object("ref");
  for (const name of ["tag", "semver", "digest"]) ref?.text(name);
  ref?.reportIfSet("semverFilter", "manual", "is not supported: an exact version is written");
  spec.ignore(...READ);
  for (const name of READ) if (spec.has(name) && object.kind !== "Bucket") findings.read(spec.pathOf(name));
  const layer = spec.object("layerSelector");
  const isChart = layer?.text("mediaType") === CHART_LAYER && (layer.text("operation") ?? "extract") === "copy";
  if (layer !== undefined && !isChart)
    spec.report("layerSelector", "manual", `is not supported: the layer ${CHART_LAYER} is read, which charts have`);
  const provider = spec.text("provider");
  if (provider !== undefined && provider !== "generic")
    spec.report(
      "provider",
      "manual",
      `${provider}: workload identity is not supported: use a Secret with username and password`,
    );
  for (const [name, message] of REPORTED) spec.reportIfSet(name, "manual", message);
  root.reportUnread();
  const { name, namespace = "default" } = object.metadata;
  return { kind: object.kind, namespace, name, results: [], converted: findings.converted, findings: findings.all };
}
