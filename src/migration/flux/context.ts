import type { ImportOptions, InputObject } from "../conversion.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { appName } from "../names.js";
import { repositoryRefOf } from "../repositories.js";
import type { ArtifactRules } from "./source-ignore.js";

/** What all objects of an import share. */
export interface FluxContext {
  readonly objects: readonly InputObject[];
  readonly options: ImportOptions;
  /** Whether the repository can be converted. */
  readonly isConverted: (namespace: string, name: string) => boolean;
}

/** Finds an object that another one refers to. */
export function findObject(
  { objects }: Pick<FluxContext, "objects">,
  kind: string,
  namespace: string,
  name: string,
): InputObject | undefined {
  return objects.find(
    (one) => one.kind === kind && one.metadata.name === name && (one.metadata.namespace ?? "default") === namespace,
  );
}

/** Namespace of the app of a Kustomization or HelmRelease: the one that it deploys to. */
export function appNamespaceOf({ metadata, spec }: InputObject): string {
  const { targetNamespace } = (spec ?? {}) as { targetNamespace?: unknown };
  return typeof targetNamespace === "string" && targetNamespace !== ""
    ? targetNamespace
    : (metadata.namespace ?? "default");
}

/** Name of the app of an object: a HelmRelease gets another one if a Kustomization has its name and namespace. */
export function appNameOf(object: InputObject, { objects }: Pick<FluxContext, "objects">): string {
  const { name } = object.metadata;
  const isTaken =
    object.kind === "HelmRelease" &&
    objects.some(
      (other) =>
        other.kind === "Kustomization" &&
        other.metadata.name === name &&
        appNamespaceOf(other) === appNamespaceOf(object),
    );
  return appName(isTaken ? `${name}-chart` : name);
}

/** Fields of a source that keep files of the repository from its artifact. */
export function artifactRules(context: Pick<FluxContext, "objects">, namespace: string, name: string): ArtifactRules {
  return findObject(context, "GitRepository", namespace, name)?.spec ?? {};
}

/** Converts `dependsOn` to the apps of the same objects. */
export function dependenciesOf(
  spec: Fields,
  object: InputObject,
  context: FluxContext,
  findings: Findings,
): readonly Record<string, string>[] | undefined {
  const own = appNamespaceOf(object);
  const found = spec.objects("dependsOn").map((dependency) => {
    const name = dependency.text("name") ?? "";
    const namespace = dependency.text("namespace") ?? object.metadata.namespace ?? "default";
    dependency.reportIfSet("readyExpr", "manual", "is not supported: the other app has to be Ready and Healthy");
    const other = findObject(context, object.kind, namespace, name);
    if (other === undefined) {
      findings.add(
        "difference",
        dependency.path,
        `${object.kind} ${namespace}/${name} is not part of this import: an app of its name is waited for`,
      );
      return repositoryRefOf({ name: appName(name), namespace }, own);
    }
    return repositoryRefOf({ name: appNameOf(other, context), namespace: appNamespaceOf(other) }, own);
  });
  return found.length === 0 ? undefined : found;
}

/** Namespaces of apps that depend on the app of an object. */
export function dependentsOf(
  object: InputObject,
  { objects }: Pick<FluxContext, "objects">,
): readonly string[] | undefined {
  const { name, namespace = "default" } = object.metadata;
  const own = appNamespaceOf(object);
  const users = objects.filter(({ kind, spec, metadata }) => {
    const { dependsOn } = (spec ?? {}) as { dependsOn?: unknown };
    return (
      kind === object.kind &&
      Array.isArray(dependsOn) &&
      dependsOn.some(
        (one: { name?: unknown; namespace?: unknown } | null) =>
          one?.name === name && (one.namespace ?? metadata.namespace ?? "default") === namespace,
      )
    );
  });
  const namespaces = [...new Set(users.map(appNamespaceOf))].filter((one) => one !== own).sort();
  return namespaces.length === 0 ? undefined : namespaces;
}

/** Reports an object that an app refers to, if it is in another namespace than the app. */
export function reportMoved(findings: Findings, field: string, what: string, object: InputObject): void {
  const namespace = appNamespaceOf(object);
  const from = object.metadata.namespace ?? "default";
  if (namespace !== from)
    findings.add("manual", field, `the app is in namespace ${namespace}: copy ${what} there from namespace ${from}`);
}
