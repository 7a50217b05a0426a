import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { repositoryRoot } from "../repository-root.js";
import type { ComposeApp } from "./both-steps.js";
import type { WrittenObject } from "./kube.js";

/** Namespace of the custom resources of the demo, a trusted namespace of the operator. */
export const DEMO_NAMESPACE = "overseer-demo";
/** ServiceAccount by which the role api calls the operator. */
export const API_ACCOUNT = "overseer-api";
/** Namespace created by the sample repository. */
export const SHOP_NAMESPACE = "demo-shop";
/** Name of the GitRepository and of the repository on the Git server. */
export const REPOSITORY = "overseer-gitops";
/** Name of the OverseerApp. */
export const APP = "shop";
/** Names of the OverseerApps that Kustomize and Helm render. */
export const RENDERED_APPS = ["catalog-dev", "reviews"] as const;
/** Name of the OverseerApp that compiles an app of the Core for the cluster, and of this app. */
export const COMPOSE_APP = "nextcloud";
/** Its namespace, which the demo creates. */
export const CLOUD_NAMESPACE = "demo-cloud";
/** Names of the OverseerApps on the Core and of their directories, in the order in which they can be deleted. */
export const CORE_APPS = ["refused", "infrastructure", "apps"] as const;
/** Name of the Secret with the token of the Core. */
const CORE_SECRET = "overseer-core";
/** Default directory of the sample repository. */
export const SAMPLE = "examples/overseer-gitops";
/** Poll interval of the GitRepository. */
const INTERVAL = "10s";

/** Reads all files below a directory, by relative path. */
export async function readSample(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path, "utf8");
  }
  if (Object.keys(files).length === 0) throw new Error(`${folder} contains no files`);
  return files;
}

/** Reads the custom resource in a file of examples/resources. */
async function readExample(name: string): Promise<WrittenObject & { readonly spec: Record<string, unknown> }> {
  const text = await readFile(join(repositoryRoot(), "examples/resources", name), "utf8");
  return load(text) as WrittenObject & { readonly spec: Record<string, unknown> };
}

/** Returns the example GitRepository with this URL. */
export async function gitRepository(url: string): Promise<WrittenObject> {
  const example = await readExample("gitrepository.yaml");
  return { ...example, spec: { ...example.spec, url, interval: INTERVAL } } as WrittenObject;
}

/** Returns the example OverseerApp. */
export function overseerApp(): Promise<WrittenObject> {
  return readExample("overseerapp.yaml");
}

/** Returns the example OverseerApp that Kustomize or Helm renders. */
export function renderedApp(name: (typeof RENDERED_APPS)[number]): Promise<WrittenObject> {
  return readExample(name === "reviews" ? "overseerapp-helm.yaml" : "overseerapp-kustomize.yaml");
}

/** Returns the example OverseerApp that compiles an app of the Core for the cluster. */
export async function composeApp(): Promise<ComposeApp> {
  return (await readExample("overseerapp-compose.yaml")) as ComposeApp;
}

/** Returns the example OverseerApp for a Core, for a directory of the sample and the Core at this URL. */
export async function coreApp(name: (typeof CORE_APPS)[number], url: string): Promise<WrittenObject> {
  const { metadata, spec, ...example } = await readExample("overseerapp-core.yaml");
  const source = { ...(spec.source as object), path: name };
  const destination = { overseer: { url, secretRef: { name: CORE_SECRET } } };
  return { ...example, metadata: { ...metadata, name }, spec: { ...spec, source, destination } } as WrittenObject;
}

/** Returns the Secret with the token of the Core. */
export function coreSecret(token: string): WrittenObject {
  const metadata = { name: CORE_SECRET, namespace: DEMO_NAMESPACE };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData: { token } } as WrittenObject;
}
