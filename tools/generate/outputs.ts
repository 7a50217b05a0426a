import { GROUP } from "../../src/api/group.js";
import { POLICY_NAMES } from "../../src/api/policies/admission-policy.js";
import { APPROVERS_PLACEHOLDER, changePolicies, OPERATOR_PLACEHOLDER } from "../../src/api/policies/change-policies.js";
import type { ResourceDefinition } from "../../src/api/resources.js";
import { repositoryRoot } from "../repository-root.js";
import { apiOutputs } from "./apis.js";
import { composeKeysOutput } from "./compose-keys.js";
import { buildCrd } from "./crd.js";
import { documentOutputs } from "./documents.js";
import { installedDefinitions } from "./install.js";
import { licensesOutput } from "./licenses.js";
import { monitoringOutputs } from "./monitoring.js";
import { resourcePage } from "./resource-page.js";
import { toYaml } from "./yaml.js";

/** A generated file; the path is relative to the root of the repository. */
export interface Output {
  readonly path: string;
  readonly text: string;
}

/** Returns all files generated from the schemas of resources, documents and HTTP APIs, and copies for the chart. Throws SchemaError for an invalid schema. */
export function outputsOf(resources: readonly ResourceDefinition[]): Output[] {
  const ofKinds = resources.flatMap((resource) => [
    ...definitionOutputs(resource),
    { path: `docs/resources/${resource.kind.toLowerCase()}.md`, text: resourcePage(resource) },
  ]);
  return [
    ...ofKinds,
    ...documentOutputs(),
    composeKeysOutput(),
    ...apiOutputs(),
    ...policyOutputs(),
    ...monitoringOutputs(repositoryRoot()),
    licensesOutput(repositoryRoot()),
  ];
}

/** Returns the CRD of a kind for `kubectl apply` and for each installation method. */
function definitionOutputs(resource: ResourceDefinition): Output[] {
  const definition = buildCrd(resource);
  const copies = [{ folder: "crds", definition }, ...installedDefinitions(definition)];
  return copies.map((copy) => ({
    path: `${copy.folder}/${GROUP}_${resource.plural}.yaml`,
    text: `# Generated from src/api; run make generate.\n${toYaml(copy.definition)}`,
  }));
}

/** Returns the specs of the admission policies of Changes, for the chart. */
function policyOutputs(): Output[] {
  const policies = changePolicies(OPERATOR_PLACEHOLDER, [APPROVERS_PLACEHOLDER]);
  return POLICY_NAMES.map((name) => ({
    path: `charts/overseer-gitops/files/policies/${name}.yaml`,
    text: `# Generated from src/api; run make generate.\n${toYaml({ spec: policies[name] })}`,
  }));
}
