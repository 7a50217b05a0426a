import type { CustomResourceDefinition } from "./crd.js";

/** Directories with generated copies of the CRDs for installation. */
export const INSTALL_FOLDERS = ["charts/overseer-gitops/files/crds", "deploy/crds"] as const;

/** A copy of a CRD in one of the directories. */
export interface InstalledDefinition {
  readonly folder: (typeof INSTALL_FOLDERS)[number];
  readonly definition: CustomResourceDefinition;
}

/**
 * Returns the copies of a CRD for each installation method. The copy in the chart is annotated so that Helm keeps it:
 * deleting a CRD would delete all apps and repositories of the cluster.
 */
export function installedDefinitions(definition: CustomResourceDefinition): InstalledDefinition[] {
  const annotations = { "helm.sh/resource-policy": "keep" };
  const kept = { ...definition, metadata: { ...definition.metadata, annotations } };
  return [
    { folder: "charts/overseer-gitops/files/crds", definition: kept },
    { folder: "deploy/crds", definition },
  ];
}
