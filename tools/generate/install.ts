import type { CustomResourceDefinition } from "./crd.js";

/** Folders with copies of the definitions, for those who install: every file in them is generated. */
export const INSTALL_FOLDERS = ["charts/overseer-gitops/files/crds", "deploy/crds"] as const;

/** What a copy in one of the folders holds. */
export interface InstalledDefinition {
  readonly folder: (typeof INSTALL_FOLDERS)[number];
  readonly definition: CustomResourceDefinition;
}

/**
 * A definition as each way of installing has it. Helm removes what it made, and with a definition would go every app and
 * repository of the cluster: so the chart's copy is marked to be kept.
 */
export function installedDefinitions(definition: CustomResourceDefinition): InstalledDefinition[] {
  const annotations = { "helm.sh/resource-policy": "keep" };
  const kept = { ...definition, metadata: { ...definition.metadata, annotations } };
  return [
    { folder: "charts/overseer-gitops/files/crds", definition: kept },
    { folder: "deploy/crds", definition },
  ];
}
