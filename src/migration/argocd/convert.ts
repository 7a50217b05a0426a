import { checkNames } from "../check-names.js";
import type { Conversion, ImportOptions, ImportResult, InputObject, OutputManifest } from "../conversion.js";
import { Repositories } from "../repositories.js";
import { convertApplication } from "./application.js";
import { convertSet } from "./application-set.js";
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
  const users: OutputManifest[] = [];
  for (const object of objects.filter(({ kind }) => kind === "ApplicationSet")) {
    const result = convertSet(object, madeBy(object, objects), context);
    if (result.set !== undefined) apps.push(result.set);
    users.push(...result.users);
    conversions.push(result.conversion);
  }
  const checked = checkNames({ manifests: apps, conversions });
  const repositoryManifests = repositories.manifestsFor([...checked.manifests, ...users]);
  return { ...checked, manifests: [...repositoryManifests, ...checked.manifests] };
}

/** Number of Applications that a set has made. */
function madeBy({ metadata }: InputObject, objects: readonly InputObject[]): number {
  return objects.filter(
    ({ kind, metadata: one }) =>
      kind === "Application" &&
      (one as { ownerReferences?: readonly { kind?: string; name?: string }[] }).ownerReferences?.some(
        (owner) => owner.kind === "ApplicationSet" && owner.name === metadata.name,
      ) === true,
  ).length;
}
