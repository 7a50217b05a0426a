import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ensureControlPlaneBinaries } from "../../tools/binaries.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { runCommand } from "../../tools/run-command.js";
import type { TestKube, TestObject } from "./kube.js";
import type { World } from "./world.js";

interface Definition extends TestObject {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly storage: boolean }[];
  };
}

/** Definitions of the tools themselves. */
function definitions(): readonly Definition[] {
  const file = join(repositoryRoot(), "test/cases/other-tools/definitions.jsonl.gz");
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Definition);
}

/** Installs the definitions of Argo CD and Flux. */
export async function installOtherTools(kube: TestKube): Promise<void> {
  for (const one of definitions()) await kube.apply(one, "kubectl");
  for (const { spec } of definitions()) {
    const version = spec.versions.find(({ storage }) => storage)?.name ?? "";
    await kube.resource(`${spec.group}/${version}`, spec.names.kind);
  }
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
