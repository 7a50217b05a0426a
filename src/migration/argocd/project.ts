import { isName, namespaceProblem } from "../check-names.js";
import type { Conversion, ImportOptions, InputObject, ProjectFile, ProjectManifest } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { FINALIZER_OF_OTHER, readMetadata } from "../object-metadata.js";
import { environmentOf, type ProjectUse } from "./project-environment.js";
import { accountsOf, roleOf } from "./project-rights.js";
import { readWindows } from "./project-windows.js";

/** Limits that are not converted, and what takes their place. */
const LIMITS: readonly (readonly [string, string])[] = [
  [
    "sourceNamespaces",
    "namespaces of Applications: apps are in the namespace that they deploy to; RBAC decides who creates them there",
  ],
  ["destinationServiceAccounts", "set spec.serviceAccountName of the apps"],
  ["clusterResourceWhitelist", "allowed kinds without a namespace: a ClusterRole for the ServiceAccount of the apps"],
  ["clusterResourceBlacklist", "RBAC has no deny rules: list what remains allowed in a ClusterRole"],
  ["signatureKeys", "signed commits: set spec.verify of the GitRepositories, with a Secret with the public keys"],
  ["sourceIntegrity", "signed commits: set spec.verify of the GitRepositories, with a Secret with the public keys"],
  ["orphanedResources", "has no counterpart: objects that no app manages are not reported"],
  ["permitOnlyProjectScopedClusters", "has no counterpart: each namespace has its own kubeconfig Secrets"],
  ["sourceManifestGeneratePaths", "is not needed"],
];

/** What becomes of an AppProject: an Environment, rights for its namespaces, and a report of everything else. */
export function convertProject(
  project: InputObject,
  use: ProjectUse,
  options: ImportOptions,
): { readonly conversion: Conversion; readonly files: readonly ProjectFile[] } {
  const findings = new Findings();
  const root = Fields.of(project, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  readMetadata(project.metadata, findings, FINALIZER_OF_OTHER);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  spec.ignore("description");
  for (const [field, message] of LIMITS) spec.reportIfSet(field, "manual", message);
  const { namespace = "argocd", name } = project.metadata;
  const wrong =
    namespaceProblem(namespace) ??
    (isName(name) ? undefined : `${JSON.stringify(name)} is no valid name of an AppProject`);
  if (wrong !== undefined) findings.add("blocked", "metadata", wrong);
  const { namespaces, environment } = environmentOf(project, spec, use, findings);
  const rights = [
    ...accountsOf(name, spec, namespaces, options.serviceAccount, findings),
    ...spec.objects("roles").flatMap((role) => roleOf(role, name, namespaces, findings)),
  ];
  const windows = readWindows(spec, findings);
  if (windows.length > 0 && environment !== undefined)
    findings.add(
      "manual",
      spec.pathOf("syncWindows"),
      "are in the apps that they select, whose authors can change them: those that hold for all apps can be moved to spec.windows of the Environment",
    );
  root.reportUnread();
  const manifests = findings.isBlocked ? [] : [...(environment === undefined ? [] : [environment]), ...rights];
  return {
    files: filesOf(namespace, name, manifests),
    conversion: {
      kind: "AppProject",
      namespace,
      name,
      results: manifests.map(describe),
      converted: findings.converted,
      findings: findings.all,
    },
  };
}

function describe({ kind, metadata: { namespace, name } }: ProjectManifest): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** Rights are needed before the apps, and the Environment comes after the take-over. */
function filesOf(namespace: string, name: string, manifests: readonly ProjectManifest[]): readonly ProjectFile[] {
  const parts = [
    ["environment", manifests.filter(({ kind }) => kind === "Environment")],
    ["rights", manifests.filter(({ kind }) => kind !== "Environment")],
  ] as const;
  return parts.flatMap(([contents, some]) =>
    some.length === 0 ? [] : [{ namespace, name, contents, manifests: some }],
  );
}
