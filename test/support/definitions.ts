import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { Condition } from "../../src/api/conditions.js";
import { API_VERSION, GROUP } from "../../src/api/group.js";
import { RESOURCES } from "../../src/api/resources.js";
import type { RawObject } from "../../src/kube/object.js";
import type { ControlPlane } from "../../tools/control-plane.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { TestKube, TestObject } from "./kube.js";

const METADATA_ONLY = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

/** Applies our definitions, as a user would from crds/, and waits until they are served. */
export async function installDefinitions(kube: TestKube): Promise<void> {
  for (const { plural, kind } of RESOURCES) {
    for (const document of loadAll(await readDefinition(plural)) as TestObject[]) await kube.apply(document, "kubectl");
    const ref = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: `${plural}.${GROUP}`,
    };
    await kube.until(
      ref,
      "is served",
      (object) =>
        (object as { status?: { conditions?: readonly Condition[] } }).status?.conditions?.some(
          ({ type, status }) => type === "Established" && status === "True",
        ) === true,
    );
    await kube.resource(API_VERSION, kind);
    // For a moment after that its storage is still being set up (429).
    await waitUntil({ what: `${kind} can be listed`, timeoutMs: 30_000 }, () =>
      kube.list(API_VERSION, kind, "default"),
    );
  }
}

/**
 * The same, unless an earlier test has installed them on this control plane and nobody has changed them since: that takes a
 * second of processor time. The record of it is beside the data of the control plane.
 */
export async function ensureDefinitions(controlPlane: ControlPlane, kube: TestKube): Promise<void> {
  const record = join(controlPlane.dir, "installed-definitions");
  const installed = await readFile(record, "utf8").catch(() => "");
  if (installed !== "" && installed === (await stateOfDefinitions(kube))) return;
  await installDefinitions(kube);
  await writeFile(record, await stateOfDefinitions(kube));
}

/** Changes when a file in crds/ changes, or what a live definition specifies. */
async function stateOfDefinitions(kube: TestKube): Promise<string> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const { body } = await kube.client.request<{ items: RawObject[] }>({ method: "GET", path, accept: METADATA_ONLY });
  const lines = RESOURCES.map(async ({ plural }) => {
    const live = body.items.find(({ metadata }) => metadata.name === `${plural}.${GROUP}`)?.metadata;
    const digest = createHash("sha256")
      .update(await readDefinition(plural))
      .digest("hex");
    return `${plural} ${live?.uid} ${live?.generation} ${live?.deletionTimestamp ?? ""} ${digest}`;
  });
  return (await Promise.all(lines)).join("\n");
}

function readDefinition(plural: string): Promise<string> {
  return readFile(join(repositoryRoot(), `crds/${GROUP}_${plural}.yaml`), "utf8");
}
