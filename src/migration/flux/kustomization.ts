import { listOrNone, patchesOf } from "../argocd/kustomize.js";
import { type Conversion, describeInput, type InputObject, type OutputManifest } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { defined, newApp, serviceAccountOf } from "../new-app.js";
import { FINALIZER_OF_APP, readMetadata } from "../object-metadata.js";
import { reportChildren } from "../parents.js";
import { repositoryRefOf } from "../repositories.js";
import {
  appNameOf,
  appNamespaceOf,
  artifactRules,
  dependenciesOf,
  dependentsOf,
  type FluxContext,
  reportMoved,
} from "./context.js";
import { placeOf, selectionIn } from "./kustomization-place.js";
import { deletionPolicyOf, expressionsOf, ignoreRulesOf, kubeConfigOf, metadataOf } from "./shared.js";

/** An app, or none if it cannot be converted, and the report about it. */
export interface ConvertedApp {
  readonly app: OutputManifest | undefined;
  readonly conversion: Conversion;
}

/** Converts a Kustomization of Flux to an OverseerApp in its target namespace. */
export function convertKustomization(object: InputObject, context: FluxContext): ConvertedApp {
  const findings = new Findings();
  const root = Fields.of(object, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  const metadata = readMetadata(object.metadata, findings, FINALIZER_OF_APP);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  const namespace = appNamespaceOf(object);
  const source = sourceOf(spec, object, context, findings);
  const remote = kubeConfigOf(spec, object, findings);
  const prune = spec.flag("prune") === true;
  readOther(spec, findings);
  const account =
    accountOf(spec, object, findings) ?? serviceAccountOf(context.options, remote !== undefined, findings);
  const more = {
    serviceAccountName: account,
    dependsOn: dependenciesOf(spec, object, context, findings),
    allowedNamespaces: dependentsOf(object, context),
    health: healthOf(spec, findings),
    suspend: suspendOf(spec),
  };
  const rules = ignoreRulesOf(spec.objects("ignore"), findings);
  const deletionPolicy = deletionPolicyOf(spec.text("deletionPolicy"), prune, spec, findings);
  reportChildren(childrenOf(object, context), findings);
  root.reportUnread();
  const app = newApp(object, {
    namespace,
    name: appNameOf(object, context),
    metadata,
    source,
    kubernetes: remote ?? {},
    sync: defined({ ignoreDifferences: listOrNone(rules) }),
    spec: defined(more),
    policy: { mode: "Automatic", selfHeal: true, prune, deletionPolicy },
  });
  return finish(object, app, findings);
}

/** Kustomizations and HelmReleases that a Kustomization applies, by their labels, which only live objects have. */
function childrenOf({ metadata: { name, namespace = "default" } }: InputObject, { objects }: FluxContext): string[] {
  const children = objects.filter(({ kind, metadata }) => {
    const { labels = {} } = metadata as { labels?: Readonly<Record<string, string>> };
    return (
      (kind === "Kustomization" || kind === "HelmRelease") &&
      labels["kustomize.toolkit.fluxcd.io/name"] === name &&
      labels["kustomize.toolkit.fluxcd.io/namespace"] === namespace &&
      (metadata.name !== name || metadata.namespace !== namespace)
    );
  });
  return children.map(describeInput);
}

/** The app, unless a finding blocks it. */
export function finish(object: InputObject, app: OutputManifest, findings: Findings): ConvertedApp {
  const { kind, metadata } = object;
  const made = findings.isBlocked ? undefined : app;
  return {
    app: made,
    conversion: {
      kind,
      namespace: metadata.namespace ?? "default",
      name: metadata.name,
      results: made === undefined ? [] : [`OverseerApp ${made.metadata.namespace}/${made.metadata.name}`],
      converted: findings.converted,
      findings: findings.all,
    },
  };
}

function suspendOf(spec: Fields): boolean | undefined {
  if (spec.flag("suspend") !== true) return undefined;
  spec.report("suspend", "difference", "the app is suspended as well, and plans nothing: resume it to take over");
  return true;
}

function accountOf(spec: Fields, object: InputObject, findings: Findings): string | undefined {
  const account = spec.text("serviceAccountName");
  if (account !== undefined)
    reportMoved(findings, spec.pathOf("serviceAccountName"), `ServiceAccount ${account} and its permissions`, object);
  return account;
}

function sourceOf(
  spec: Fields,
  object: InputObject,
  context: FluxContext,
  findings: Findings,
): Record<string, unknown> {
  const path =
    spec
      .text("path")
      ?.replace(/^(\.?\/)+/, "")
      .replace(/\/+$/, "") || ".";
  const { repository, ...files } = placeOf(spec, path, object, context, findings);
  const rules = artifactRules(context, repository.namespace, repository.name);
  const what = `GitRepository ${repository.namespace}/${repository.name}`;
  return defined({
    repositoryRef: repositoryRefOf(repository, appNamespaceOf(object)),
    path: files.path,
    ...selectionIn(rules, what, files, findings),
    ...kustomizeOf(spec, findings),
    substitute: substituteOf(spec, object, findings),
    commonMetadata: metadataOf(spec.object("commonMetadata")),
    decryption: decryptionOf(spec, object, findings),
  });
}

/** Settings of Kustomize. Flux generates a kustomization where the path has none. */
function kustomizeOf(spec: Fields, findings: Findings): Record<string, unknown> {
  const patches = listOrNone(patchesOf(spec, findings));
  const target = spec.text("targetNamespace");
  const kustomize = defined({
    namePrefix: spec.text("namePrefix"),
    nameSuffix: spec.text("nameSuffix"),
    namespace: target,
    images: listOrNone(
      spec.objects("images").map((image) =>
        defined({
          name: image.text("name"),
          newName: image.text("newName"),
          newTag: image.text("newTag"),
          digest: image.text("digest"),
        }),
      ),
    ),
    components: spec.texts("components"),
  });
  spec.reportIfSet(
    "ignoreMissingComponents",
    "manual",
    "a missing component is an error here: remove it from components",
  );
  return { kustomize: { ...kustomize, generate: true, ...defined({ patches }) } };
}

function substituteOf(spec: Fields, object: InputObject, findings: Findings): Record<string, unknown> | undefined {
  const build = spec.object("postBuild");
  if (build === undefined) return undefined;
  build.reportIfSet("substituteStrategy", "manual", "is not supported: only names that are declared are replaced");
  const variables = build.textMap("substitute");
  const from = build.objects("substituteFrom").map((one) => {
    const reference = defined({
      kind: one.text("kind"),
      name: one.text("name"),
      optional: one.flag("optional") || undefined,
    });
    reportMoved(findings, one.path, `${String(reference.kind)} ${String(reference.name)}`, object);
    return reference;
  });
  if (variables === undefined && from.length === 0) return undefined;
  findings.add(
    "difference",
    "spec.postBuild",
    "names that are not declared remain as they are in the documents, whereas Flux replaces them with nothing; of the forms with defaults, ${NAME:=default} and ${NAME:-default} are supported",
  );
  return defined({ variables, from: listOrNone(from) });
}

function decryptionOf(spec: Fields, object: InputObject, findings: Findings): Record<string, unknown> | undefined {
  const decryption = spec.object("decryption");
  if (decryption === undefined) return undefined;
  const provider = decryption.text("provider");
  const secret = decryption.object("secretRef")?.text("name");
  decryption.reportIfSet(
    "serviceAccountName",
    "blocked",
    "keys of a cloud are not supported: encrypt the files for a key of age as well",
  );
  if (secret === undefined) {
    findings.add(
      "blocked",
      decryption.pathOf("secretRef"),
      "is not set: only keys and credentials in a Secret are used; name one",
    );
    return undefined;
  }
  findings.add(
    "difference",
    decryption.pathOf("secretRef"),
    "keys of OpenPGP (.asc) and of clouds need the program sops beside the operator; keys of Vault have no effect",
  );
  reportMoved(findings, decryption.pathOf("secretRef"), `Secret ${secret}`, object);
  return { provider, secretRef: { name: secret } };
}

function healthOf(spec: Fields, findings: Findings): Record<string, unknown> | undefined {
  const timeout = spec.text("timeout");
  const checks = spec.objects("healthChecks");
  for (const check of checks) for (const name of ["apiVersion", "kind", "name", "namespace"]) check.text(name);
  if (checks.length > 0)
    findings.add("difference", "spec.healthChecks", "the health of all objects counts, not of these only");
  else if (spec.flag("wait") !== true)
    findings.add(
      "difference",
      "spec.wait",
      "a sync is complete when all objects are healthy; Flux would not wait for them",
    );
  spec.flag("wait");
  const health = defined({ timeout, expressions: expressionsOf(spec) });
  return Object.keys(health).length === 0 ? undefined : health;
}

function readOther(spec: Fields, findings: Findings): void {
  for (const name of ["interval", "retryInterval"]) spec.text(name);
  if (spec.has("retryInterval"))
    findings.add(
      "difference",
      "spec.retryInterval",
      "failed syncs are retried after 5s, and then with a growing delay up to 5m (sync.retry)",
    );
  spec.reportIfSet(
    "force",
    "manual",
    "is dangerous, and not converted: set the annotation gitops.overseer.io/recreate: allowed on the objects that need it",
  );
  spec.reportIfSet(
    "buildMetadata",
    "manual",
    "has no counterpart: each object is reported with its file and line in the Change",
  );
}
