import { checkNames } from "../check-names.js";
import type { Conversion, ImportOptions, ImportResult, InputObject, OutputManifest } from "../conversion.js";
import { Repositories } from "../repositories.js";
import { convertApplication } from "./application.js";
import { convertProject, ProjectWindows } from "./project.js";
import { type ArgoCredential, credentialFor } from "./secrets.js";

/** Converts Applications and the limits of their AppProjects. Other objects are reported. */
export function convertArgo(
  objects: readonly InputObject[],
  credentials: readonly ArgoCredential[],
  options: ImportOptions,
): ImportResult {
  const repositories = new Repositories();
  const windows = new ProjectWindows();
  const conversions: Conversion[] = [];
  for (const project of objects.filter(({ kind }) => kind === "AppProject"))
    conversions.push(convertProject(project, windows));
  const context = {
    repositories,
    options,
    windows,
    credential: (url: string, namespace: string) => credentialFor(url, namespace, credentials),
  };
  const apps: OutputManifest[] = [];
  for (const application of objects.filter(({ kind }) => kind === "Application")) {
    const result = convertApplication(application, context);
    apps.push(...result.apps);
    conversions.push(result.conversion);
  }
  for (const set of objects.filter(({ kind }) => kind === "ApplicationSet")) conversions.push(reportSet(set, objects));
  const checked = checkNames({ manifests: apps, conversions });
  return { ...checked, manifests: [...repositories.manifestsFor(checked.manifests), ...checked.manifests] };
}

/** An ApplicationSet is not converted: the Applications that it has made are. */
function reportSet({ metadata }: InputObject, objects: readonly InputObject[]): Conversion {
  const made = objects.filter(
    ({ kind, metadata: one }) =>
      kind === "Application" &&
      (one as { ownerReferences?: readonly { kind?: string; name?: string }[] }).ownerReferences?.some(
        (owner) => owner.kind === "ApplicationSet" && owner.name === metadata.name,
      ) === true,
  );
  const message = `its ${made.length} Applications are converted as they are now. Further ones must be made as OverseerApps in Git. Before you take over: set spec.syncPolicy.preserveResourcesOnDeletion: true, wait until the Applications have no finalizer, and delete the set with kubectl delete --cascade=orphan`;
  return {
    kind: "ApplicationSet",
    namespace: metadata.namespace ?? "argocd",
    name: metadata.name,
    results: [],
    converted: [],
    findings: [{ level: "manual", field: "spec", message }],
  };
}
