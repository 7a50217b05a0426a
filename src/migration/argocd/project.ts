import type { Conversion, InputObject } from "../conversion.js";
import { Fields } from "../fields.js";
import { Findings } from "../finding.js";
import { readMetadata } from "../object-metadata.js";

/** A sync window of an app. */
export type Window = Readonly<Record<string, string>>;

/** What an app is selected by. */
interface Place {
  readonly namespace: string;
  readonly cluster: string;
}

interface ProjectWindow {
  readonly window: Window;
  readonly applications: readonly string[];
  readonly namespaces: readonly string[];
  readonly clusters: readonly string[];
  readonly all: boolean;
}

/** Sync windows of projects, to be written into the apps that they select. */
export class ProjectWindows {
  readonly #windows = new Map<string, readonly ProjectWindow[]>();

  /** Adds the windows of a project. */
  add(namespace: string, name: string, windows: readonly ProjectWindow[]): void {
    this.#windows.set(`${namespace}/${name}`, windows);
  }

  /** Returns the windows that select an Application. */
  of({ metadata, spec }: InputObject, place: Place): readonly Window[] {
    const { project } = (spec ?? {}) as { project?: unknown };
    const found = this.#windows.get(`${metadata.namespace ?? "argocd"}/${String(project ?? "default")}`) ?? [];
    return found.filter((one) => selects(one, metadata.name, place)).map(({ window }) => window);
  }
}

function selects({ applications, namespaces, clusters, all }: ProjectWindow, name: string, place: Place): boolean {
  const checks = [
    [applications, name],
    [namespaces, place.namespace],
    [clusters, place.cluster],
  ] as const;
  const given = checks.filter(([patterns]) => patterns.length > 0);
  const matches = ([patterns, value]: (typeof checks)[number]): boolean =>
    patterns.some((pattern) => globMatches(pattern, value));
  return all ? given.length > 0 && given.every(matches) : given.some(matches);
}

function globMatches(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(value);
}

/** Limits that are permissions of ServiceAccounts here. */
const LIMITS: readonly (readonly [string, string])[] = [
  [
    "sourceRepos",
    "allowed repositories: list them in spec.repositories of an Environment, and limit spec.allowedNamespaces of each GitRepository",
  ],
  [
    "sourceNamespaces",
    "namespaces of Applications: apps are in the namespace that they deploy to; RBAC decides who creates them there",
  ],
  [
    "destinations",
    "allowed destinations: give the ServiceAccount of the apps a Role in these namespaces, and none elsewhere",
  ],
  ["destinationServiceAccounts", "set spec.serviceAccountName of the apps"],
  ["clusterResourceWhitelist", "allowed kinds without a namespace: a ClusterRole for the ServiceAccount of the apps"],
  ["clusterResourceBlacklist", "RBAC has no deny rules: list what remains allowed in a ClusterRole"],
  ["namespaceResourceWhitelist", "allowed kinds: the rules of the Role of the ServiceAccount"],
  ["namespaceResourceBlacklist", "RBAC has no deny rules: list what remains allowed in the Role"],
  ["signatureKeys", "signed commits: set spec.verify of the GitRepositories, with a Secret with the public keys"],
  ["sourceIntegrity", "signed commits: set spec.verify of the GitRepositories, with a Secret with the public keys"],
  ["orphanedResources", "has no counterpart: objects that no app manages are not reported"],
  ["permitOnlyProjectScopedClusters", "has no counterpart: each namespace has its own kubeconfig Secrets"],
  ["sourceManifestGeneratePaths", "is not needed"],
];

/** Converts the windows of an AppProject, and reports its limits with what takes their place. */
export function convertProject(project: InputObject, windows: ProjectWindows): Conversion {
  const findings = new Findings();
  const root = Fields.of(project, "", findings);
  root.ignore("apiVersion", "kind", "metadata", "status");
  readMetadata(project.metadata, findings);
  const spec = root.object("spec") ?? Fields.of(undefined, "spec", findings);
  spec.ignore("description");
  for (const [field, message] of LIMITS) spec.reportIfSet(field, "manual", message);
  for (const role of spec.objects("roles")) readRole(role);
  const { namespace = "argocd", name } = project.metadata;
  windows.add(
    namespace,
    name,
    spec.objects("syncWindows").map((window) => windowOf(window, findings)),
  );
  root.reportUnread();
  return { kind: "AppProject", namespace, name, results: [], converted: findings.converted, findings: findings.all };
}

function readRole(role: Fields): void {
  const name = role.text("name") ?? "";
  role.ignore("description");
  role.reportIfSet(
    "policies",
    "manual",
    `role ${name}: a Role with verbs of overseerapps (get, sync, rollback, approve, …); globs over names and deny rules have no form in RBAC`,
  );
  role.reportIfSet("groups", "manual", `role ${name}: a RoleBinding for these groups`);
  role.reportIfSet("jwtTokens", "manual", `role ${name}: use tokens of ServiceAccounts instead`);
}

function windowOf(window: Fields, findings: Findings): ProjectWindow {
  const kind = window.text("kind");
  if (kind !== "allow" && kind !== "deny") findings.add("blocked", window.pathOf("kind"), "must be allow or deny");
  window.reportIfSet(
    "manualSync",
    "difference",
    "a window holds manual syncs as well: overseer break-glass lets one pass",
  );
  window.reportIfSet("syncOverrun", "difference", "a sync that has begun is always completed");
  window.ignore("description");
  const timeZone = window.text("timeZone");
  return {
    window: {
      kind: kind === "deny" ? "Deny" : "Allow",
      schedule: window.text("schedule") ?? "",
      duration: window.text("duration") ?? "",
      ...(timeZone === undefined ? {} : { timeZone }),
    },
    applications: window.texts("applications") ?? [],
    namespaces: window.texts("namespaces") ?? [],
    clusters: window.texts("clusters") ?? [],
    all: window.flag("andOperator") === true || window.flag("useAndOperator") === true,
  };
}
