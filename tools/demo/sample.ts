import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { repositoryRoot } from "../repository-root.js";
import type { WrittenObject } from "./kube.js";

/** Namespace of the demo's own custom resources: the operator is told to trust it. */
export const DEMO_NAMESPACE = "overseer-demo";
/** Namespace that the sample repository makes. */
export const SHOP_NAMESPACE = "demo-shop";
/** Name of the GitRepository and of the repository on the Git server. */
export const REPOSITORY = "overseer-gitops";
/** Name of the OverseerApp. */
export const APP = "shop";
/** Names of the OverseerApps of the Core, which are also the folders that they take: in the order in which they can be removed. */
export const CORE_APPS = ["refused", "infrastructure", "apps"] as const;
/** Name of the Secret with the Core's token. */
const CORE_SECRET = "overseer-core";
/** Folder of the sample repository, unless another one is given. */
export const SAMPLE = "examples/overseer-gitops";
/** How often the remote is asked when nobody tells the operator to look. */
const INTERVAL = "10s";

/** The files of a folder, by their paths in it. */
export async function readSample(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.slice(folder.length + 1)] = await readFile(path, "utf8");
  }
  if (Object.keys(files).length === 0) throw new Error(`${folder} holds no file`);
  return files;
}

/** The custom resource of a file in examples/resources. */
async function readExample(name: string): Promise<WrittenObject & { readonly spec: Record<string, unknown> }> {
  const text = await readFile(join(repositoryRoot(), "examples/resources", name), "utf8");
  return load(text) as WrittenObject & { readonly spec: Record<string, unknown> };
}

/** The GitRepository of the example, for the repository at this address. */
export async function gitRepository(url: string): Promise<WrittenObject> {
  const example = await readExample("gitrepository.yaml");
  return { ...example, spec: { ...example.spec, url, interval: INTERVAL } } as WrittenObject;
}

/** The OverseerApp of the example. */
export function overseerApp(): Promise<WrittenObject> {
  return readExample("overseerapp.yaml");
}

/** An OverseerApp as the example for a Core, for a folder of the sample and the Core at this address. */
export async function coreApp(name: (typeof CORE_APPS)[number], url: string): Promise<WrittenObject> {
  const { metadata, spec, ...example } = await readExample("overseerapp-core.yaml");
  const source = { ...(spec.source as object), path: name };
  const destination = { overseer: { url, secretRef: { name: CORE_SECRET } } };
  return { ...example, metadata: { ...metadata, name }, spec: { ...spec, source, destination } } as WrittenObject;
}

/** The Secret with the token of the Core, as the operator reads it. */
export function coreSecret(token: string): WrittenObject {
  const metadata = { name: CORE_SECRET, namespace: DEMO_NAMESPACE };
  return { apiVersion: "v1", kind: "Secret", metadata, stringData: { token } } as WrittenObject;
}
