import { sha256 } from "../../base/hash.js";
import { relative } from "../argocd/helm.js";
import { listOrNone, patchesOf } from "../argocd/kustomize.js";
import type { InputObject } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { defined, newApp, serviceAccountOf } from "../new-app.js";
import { FINALIZER_OF_APP, readMetadata } from "../object-metadata.js";
import { repositoryRefOf } from "../repositories.js";
import { chartOf } from "./chart.js";
import { appNameOf, appNamespaceOf, dependenciesOf, dependentsOf, type FluxContext, reportMoved } from "./context.js";
import { readActions } from "./helm-actions.js";
import { type ConvertedApp, finish } from "./kustomization.js";
import { expressionsOf, ignoreRulesOf, kubeConfigOf, metadataOf } from "./shared.js";

/** Converts a HelmRelease of Flux to an OverseerApp in its target namespace, which renders the chart without a release. */
export function convertHelmRelease(object: InputObject, context: FluxContext): ConvertedApp {
  const findings = new Findings();
  const root = Fields.of(object, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  const metadata = readMetadata(object.metadata, findings, FINALIZER_OF_APP);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  const namespace = appNamespaceOf(object);
  const chart = chartOf(spec, object, context, findings);
  const remote = kubeConfigOf(spec, object, findings);
  const account = spec.text("serviceAccountName");
  if (account !== undefined)
    reportMoved(findings, spec.pathOf("serviceAccountName"), `ServiceAccount ${account} and its permissions`, object);
  const actions = readActions(spec, findings);
  const post = postRenderersOf(spec, findings);
  const drift = driftOf(spec, findings);
  const commonMetadata = metadataOf(spec.object("commonMetadata"));
  const health = defined({
    timeout: spec.text("timeout"),
    rollbackOnFailure: actions.rollback || undefined,
    expressions: expressionsOf(spec),
  });
  const more = defined({
    serviceAccountName: account ?? serviceAccountOf(context.options, remote !== undefined, findings),
    dependsOn: dependenciesOf(spec, object, context, findings),
    allowedNamespaces: dependentsOf(object, context),
    health: Object.keys(health).length === 0 ? undefined : health,
    historyLimit: historyOf(spec, findings),
    suspend: suspendOf(spec),
  });
  const helm = defined({
    releaseName: releaseNameOf(spec, object),
    valueFiles: listOrNone(chart.valueFiles.map((file) => relative(chart.path, file))),
    ignoreMissingValueFiles: chart.ignoreMissing || undefined,
    valuesFrom: listOrNone(valuesFromOf(spec, object, findings)),
    values: spec.value("values"),
    skipCrds: actions.skipCrds || undefined,
    ...chart.helm,
  });
  readRest(spec, object.metadata.namespace ?? "default", findings);
  root.reportUnread();
  const app = newApp(object, {
    namespace,
    name: appNameOf(object, context),
    metadata,
    source: defined({
      repositoryRef: chart.repository && repositoryRefOf(chart.repository, namespace),
      path: chart.path,
      helm,
      patches: listOrNone(post),
      commonMetadata,
    }),
    kubernetes: remote ?? {},
    sync: defined({ ignoreDifferences: listOrNone(drift.ignore) }),
    spec: more,
    policy: { mode: "Automatic", selfHeal: drift.selfHeal, prune: true, deletionPolicy: "Delete" },
  });
  return finish(object, app, findings);
}

/** The name of the release as Flux makes it: names of objects depend on it. */
function releaseNameOf(spec: Fields, { metadata }: InputObject): string {
  const target = spec.text("targetNamespace");
  return shortened(spec.text("releaseName") ?? (target === undefined ? metadata.name : `${target}-${metadata.name}`));
}

/** Flux cuts names that are too long for Helm, and appends a hash. */
function shortened(name: string): string {
  return name.length <= 53 ? name : `${name.slice(0, 40)}-${sha256(name, 12)}`;
}

function suspendOf(spec: Fields): boolean | undefined {
  if (spec.flag("suspend") !== true) return undefined;
  spec.report("suspend", "difference", "the app is suspended as well, and plans nothing: resume it to take over");
  return true;
}

function historyOf(spec: Fields, findings: Findings): number | undefined {
  const limit = spec.integer("maxHistory");
  if (limit === undefined) return undefined;
  if (limit < 1 || limit > 100) findings.add("difference", spec.pathOf("maxHistory"), "is limited to 1 to 100 here");
  return Math.min(100, Math.max(1, limit));
}

function valuesFromOf(spec: Fields, object: InputObject, findings: Findings): readonly Record<string, unknown>[] {
  return spec.objects("valuesFrom").map((one) => {
    const targetPath = one.text("targetPath");
    if (targetPath !== undefined && /\[/.test(targetPath))
      findings.add(
        "blocked",
        one.pathOf("targetPath"),
        "has a list index, which is not supported: write the list into values",
      );
    one.reportIfSet("literal", "blocked", "is not supported: put the value in quotes in the Secret or ConfigMap");
    const reference = defined({
      kind: one.text("kind"),
      name: one.text("name"),
      valuesKey: one.text("valuesKey"),
      targetPath,
      optional: one.flag("optional") || undefined,
    });
    reportMoved(findings, one.path, `${String(reference.kind)} ${String(reference.name)}`, object);
    return reference;
  });
}

/** Patches of post-renderers. Images cannot be replaced after rendering, since there is no kustomization. */
function postRenderersOf(spec: Fields, findings: Findings): readonly Record<string, unknown>[] {
  return spec.objects("postRenderers").flatMap((renderer) => {
    const kustomize = renderer.object("kustomize");
    if (kustomize === undefined) return [];
    for (const image of kustomize.objects("images")) {
      const [name] = ["name", "newName", "newTag", "digest"].map((field) => image.text(field));
      findings.add(
        "blocked",
        image.path,
        `the image ${name ?? ""} cannot be replaced after rendering: set it by the values of the chart, or by a patch`,
      );
    }
    for (const name of ["patchesStrategicMerge", "patchesJson6902"])
      kustomize.reportIfSet(name, "blocked", "is the old form of patches: write them as patches");
    return patchesOf(kustomize, findings);
  });
}

function driftOf(spec: Fields, findings: Findings): { selfHeal: boolean; ignore: readonly Record<string, unknown>[] } {
  const drift = spec.object("driftDetection");
  const mode = drift?.text("mode") ?? "disabled";
  if (mode === "disabled")
    findings.add(
      "difference",
      "spec.driftDetection.mode",
      "drift is not reverted (selfHeal: false), but always reported",
    );
  return { selfHeal: mode === "enabled", ignore: ignoreRulesOf(drift?.objects("ignore") ?? [], findings) };
}

function readRest(spec: Fields, namespace: string, findings: Findings): void {
  spec.text("interval");
  spec.ignore("persistentClient");
  const storage = spec.text("storageNamespace");
  findings.add(
    "manual",
    storage === undefined ? "" : spec.pathOf("storageNamespace"),
    `there is no Helm release any more: overseer take-over removes its Secrets (sh.helm.release.v1.*) from namespace ${storage ?? namespace}, so that helm uninstall cannot delete the objects`,
  );
  spec.reportIfSet("postRenderStrategy", "difference", "patches apply to all documents, hooks included");
  spec.reportIfSet("waitStrategy", "difference", "the health of all objects counts");
}
