import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { ensureControlPlaneBinaries } from "../../tools/binaries.js";
import { runCommand } from "../../tools/run-command.js";
import type { TestKube, TestObject } from "./kube.js";
import type { World } from "./world.js";

/** Kinds of Argo CD and Flux that apps are imported from: group, version, kind and plural. */
const KINDS: readonly (readonly [string, string, string, string])[] = [
  ["argoproj.io", "v1alpha1", "Application", "applications"],
  ["argoproj.io", "v1alpha1", "AppProject", "appprojects"],
  ["argoproj.io", "v1alpha1", "ApplicationSet", "applicationsets"],
  ["source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories"],
  ["kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations"],
  ["helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"],
];

/** A definition of the same name as that of the tool, which accepts all fields. */
function definition([group, version, kind, plural]: (typeof KINDS)[number]): TestObject {
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: open, status: open, operation: open } } };
  const status = group === "argoproj.io" ? {} : { subresources: { status: {} } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: "Namespaced",
      versions: [{ name: version, served: true, storage: true, schema, ...status }],
    },
  };
}

/** Definitions of the tools themselves, from the directory in OVERSEER_TEST_FOREIGN_CRDS, or else definitions that accept all fields. */
function definitions(): TestObject[] {
  const directory = process.env.OVERSEER_TEST_FOREIGN_CRDS;
  if (directory === undefined) return KINDS.map(definition);
  return readdirSync(directory).flatMap((file) => loadAll(readFileSync(join(directory, file), "utf8")) as TestObject[]);
}

/** Installs the definitions of Argo CD and Flux. */
export async function installOtherTools(kube: TestKube): Promise<void> {
  for (const one of definitions()) await kube.apply(one, "kubectl");
  for (const [group, version, kind] of KINDS) await kube.resource(`${group}/${version}`, kind);
}

/** Removes the definitions with their objects. */
export async function removeOtherTools(kube: TestKube): Promise<void> {
  for (const { apiVersion, kind, metadata } of definitions())
    await kube.delete({ apiVersion, kind, name: metadata.name });
}

/** Runs kubectl as the administrator of a world. */
export async function kubectl(world: World, args: readonly string[], input?: object): Promise<string> {
  const programs = await ensureControlPlaneBinaries();
  const all = ["--kubeconfig", world.controlPlane.kubeconfigPath, "-n", world.namespace, ...args];
  return runCommand(programs.kubectl, all, input === undefined ? {} : { input: JSON.stringify(input) });
}
