import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { defined } from "../new-app.js";
import type { BuildEnvironment } from "./build-environment.js";

/** Converts `source.kustomize`. Argo CD runs `kustomize edit`, which changes the kustomization of the path. */
export function kustomizeOf(
  kustomize: Fields,
  environment: BuildEnvironment,
  findings: Findings,
): Record<string, unknown> {
  labelsOf(kustomize);
  reportAnnotations(kustomize, environment, findings);
  kustomize.reportIfSet(
    "version",
    "manual",
    "has no effect: the Kustomize of the operator renders; compare with overseer render",
  );
  kustomize.reportIfSet(
    "ignoreMissingComponents",
    "manual",
    "a missing component is an error here: remove it from components",
  );
  for (const name of ["kubeVersion", "apiVersions"])
    kustomize.reportIfSet(
      name,
      "manual",
      "is for charts in a kustomization, which are refused here: use an app with source.helm",
    );
  return defined({
    namePrefix: kustomize.text("namePrefix"),
    nameSuffix: kustomize.text("nameSuffix"),
    namespace: kustomize.text("namespace"),
    images: listOrNone(
      kustomize
        .texts("images")
        ?.map((image, at) => imageOf(environment.expand(image, `${kustomize.pathOf("images")}[${at}]`, findings))),
    ),
    replicas: listOrNone(
      kustomize.objects("replicas").map((replica) => ({ name: replica.text("name"), count: replica.integer("count") })),
    ),
    labels: labelsThatMatch(kustomize, environment, findings),
    patches: listOrNone(patchesOf(kustomize, findings)),
    components: kustomize.texts("components"),
  });
}

/** `name=new:tag`, `name:tag`, `name=new@digest` and so on, as of `kustomize edit set image`. `*` keeps what is there, in both. */
export function imageOf(text: string): Record<string, string> {
  const equals = text.indexOf("=");
  const [name, image] = equals < 0 ? [undefined, text] : [text.slice(0, equals), text.slice(equals + 1)];
  const [beforeDigest = "", digest] = image.split("@");
  const colon = beforeDigest.lastIndexOf(":");
  const hasTag = colon > beforeDigest.lastIndexOf("/");
  const newName = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  return defined({
    name: name ?? newName,
    newName: name === undefined ? undefined : newName,
    newTag: hasTag && digest === undefined ? beforeDigest.slice(colon + 1) : undefined,
    digest,
  }) as Record<string, string>;
}

function labelsOf(kustomize: Fields): void {
  const onlyMetadata = kustomize.flag("labelWithoutSelector") === true;
  const templates = kustomize.flag("labelIncludeTemplates") === true;
  for (const name of ["forceCommonLabels", "forceCommonAnnotations"])
    kustomize.reportIfSet(
      name,
      "difference",
      "labels and annotations of the app always replace those of the documents",
    );
  if (!kustomize.has("commonLabels") || (onlyMetadata && !templates)) return;
  kustomize.reportIfSet(
    "commonLabels",
    "blocked",
    `changes ${onlyMetadata ? "pod templates" : "selectors and pod templates"} as well, which source.kustomize.labels does not: write it into the kustomization.yaml as labels with ${onlyMetadata ? "includeTemplates" : "includeSelectors"}: true`,
  );
}

function labelsThatMatch(
  kustomize: Fields,
  environment: BuildEnvironment,
  findings: Findings,
): Readonly<Record<string, string>> | undefined {
  const labels = kustomize.textMap("commonLabels");
  return labels && expandAll(labels, kustomize.pathOf("commonLabels"), environment, findings);
}

function expandAll(
  map: Readonly<Record<string, string>>,
  field: string,
  environment: BuildEnvironment,
  findings: Findings,
): Readonly<Record<string, string>> {
  const pairs = Object.entries(map).map(([key, text]) => [key, environment.expand(text, `${field}.${key}`, findings)]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function reportAnnotations(kustomize: Fields, environment: BuildEnvironment, findings: Findings): void {
  const field = "commonAnnotations";
  const plain = kustomize.textMap(field);
  const isExpanded = kustomize.flag("commonAnnotationsEnvsubst") === true;
  if (plain === undefined) return;
  const annotations = isExpanded ? expandAll(plain, kustomize.pathOf(field), environment, findings) : plain;
  kustomize.report(
    field,
    "blocked",
    `changes pod templates as well, which source.kustomize.annotations does not: write it into the kustomization.yaml as ${field}: ${JSON.stringify(annotations)}, and remove it here`,
  );
}

/** Patches with their targets, as Flux and Argo CD write them. */
export function patchesOf(fields: Fields, findings: Findings): readonly Record<string, unknown>[] {
  return fields.objects("patches").map((patch) => {
    patch.reportIfSet(
      "path",
      "blocked",
      "is a file: put the patch into the kustomization.yaml of the path, or inline as patch",
    );
    const options = patch.object("options");
    for (const name of options?.names() ?? [])
      options?.reportIfSet(name, "blocked", "is not supported: put the patch into the kustomization.yaml of the path");
    const target = patch.object("target");
    const text = patch.text("patch");
    if (text === undefined && !patch.has("path"))
      findings.add("blocked", patch.pathOf("patch"), "is missing: remove the entry, or add a patch");
    return defined({ patch: text, target: target === undefined ? undefined : targetOf(target) });
  });
}

function targetOf(target: Fields): Record<string, unknown> {
  const names = ["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
  return defined(Object.fromEntries(names.map((name) => [name, target.text(name)])));
}

/** The list, or undefined if it is empty. */
export function listOrNone<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
