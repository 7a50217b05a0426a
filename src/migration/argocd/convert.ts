import { checkNames } from "../check-names.js";
import type { Conversion, ImportOptions, ImportResult, InputObject, OutputManifest } from "../conversion.js";
import { Repositories, usersOf } from "../repositories.js";
import { convertApplication } from "./application.js";
import { convertSet } from "./application-set.js";
import { convertProject } from "./project.js";
import { namedNamespaces, type ProjectUse } from "./project-environment.js";
import { ProjectWindows } from "./project-windows.js";
import { type ArgoCredential, credentialFor } from "./secrets.js";

/** Converts Applications, ApplicationSets and AppProjects. Other objects are reported. */
export function convertArgo(
  objects: readonly InputObject[],
  credentials: readonly ArgoCredential[],
  options: ImportOptions,
): ImportResult {
  const repositories = new Repositories();
  const windows = new ProjectWindows();
  const conversions: Conversion[] = [];
  const projects = objects.filter(({ kind }) => kind === "AppProject");
  for (const project of projects) windows.add(project);
  const installationOf = installationIn(projects);
  const context = {
    repositories,
    installationOf,
    options,
    windows,
    credential: (url: string, namespace: string) => credentialFor(url, namespace, credentials),
  };
  const apps: OutputManifest[] = [];
  const appsOf = new Map<string, readonly OutputManifest[]>();
  for (const application of objects.filter(({ kind }) => kind === "Application")) {
    const result = convertApplication(application, context);
    apps.push(...result.apps);
    const project = projectOf(application, installationOf(application));
    appsOf.set(project, [...(appsOf.get(project) ?? []), ...result.apps]);
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
  const limits = projects.map((project) =>
    convertProject(project, useOf(project, projects, appsOf, repositoryManifests), options),
  );
  const files = limits.flatMap((one) => one.files);
  return {
    manifests: [...repositoryManifests, ...checked.manifests],
    conversions: [...limits.map(({ conversion }) => conversion), ...checked.conversions],
    ...(files.length === 0 ? {} : { projects: files }),
  };
}

/** An Application is in the namespace of Argo CD, where the projects are, or in any other one that Argo CD is permitted to watch. */
function installationIn(projects: readonly InputObject[]): (application: InputObject) => string {
  const homes = new Set(projects.map(({ metadata }) => metadata.namespace ?? "argocd"));
  const [only] = homes;
  return ({ metadata: { namespace = "argocd" } }) =>
    only === undefined || homes.size > 1 || homes.has(namespace) ? namespace : only;
}

/** `NAMESPACE/NAME` of the project of an Application. */
function projectOf({ spec }: InputObject, home: string): string {
  const { project } = (spec ?? {}) as { project?: unknown };
  return `${home}/${typeof project === "string" && project !== "" ? project : "default"}`;
}

function keyOf({ metadata }: InputObject): string {
  return `${metadata.namespace ?? "argocd"}/${metadata.name}`;
}

/** Which namespaces and repositories a project is used with, and which namespaces belong to others. */
function useOf(
  project: InputObject,
  projects: readonly InputObject[],
  appsOf: ReadonlyMap<string, readonly OutputManifest[]>,
  repositories: readonly OutputManifest[],
): ProjectUse {
  const own = appsOf.get(keyOf(project)) ?? [];
  const others = new Map<string, string>();
  for (const other of projects)
    if (other !== project)
      for (const namespace of namedNamespaces((other.spec as { destinations?: unknown } | undefined)?.destinations))
        others.set(namespace, keyOf(other));
  for (const [key, apps] of appsOf)
    if (key !== keyOf(project)) for (const { metadata } of apps) others.set(metadata.namespace, key);
  const read = (repository: OutputManifest): boolean => usersOf(repository.metadata, own).length > 0;
  return {
    namespaces: [...new Set(own.map(({ metadata }) => metadata.namespace))],
    urls: repositories.filter(read).map(({ spec }) => String(spec.url)),
    others,
  };
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
