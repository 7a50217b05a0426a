import { API_VERSION } from "../../api/group.js";
import { namespaceProblem } from "../check-names.js";
import type { InputObject, ProjectManifest } from "../conversion.js";
import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { comparableUrl } from "../names.js";
import { defined } from "../new-app.js";
import { withoutUserInfo } from "../user-info.js";
import { isLocalCluster } from "./destination.js";
import { globMatches } from "./project-windows.js";

/** What is known of an AppProject besides its spec. */
export interface ProjectUse {
  /** Namespaces of its apps. */
  readonly namespaces: readonly string[];
  /** URLs of the Git repositories of its apps. */
  readonly urls: readonly string[];
  /** Other projects by the namespaces that they name or that their apps are in. */
  readonly others: ReadonlyMap<string, string>;
}

/** Limits of the schema of Environments. */
const MAX_NAMESPACES = 200;
const MAX_REPOSITORIES = 100;

/** A place that apps of a project may be deployed to. */
interface Place {
  readonly field: string;
  readonly cluster: string;
  readonly namespace: string;
}

/** The namespaces of the local cluster that a project is about, and the Environment that limits them. */
export interface ConvertedLimits {
  readonly namespaces: readonly string[];
  readonly environment: ProjectManifest | undefined;
}

/** Namespaces that a project names itself, without patterns and clusters. */
export function namedNamespaces(destinations: unknown): readonly string[] {
  if (!Array.isArray(destinations)) return [];
  return destinations.flatMap((one: { namespace?: unknown } | null) =>
    typeof one?.namespace === "string" && one.namespace !== "" && !isPattern(one.namespace) ? [one.namespace] : [],
  );
}

/** Converts the repositories and destinations of an AppProject to an Environment; none if they are not limited. */
export function environmentOf(
  project: InputObject,
  spec: Fields,
  use: ProjectUse,
  findings: Findings,
): ConvertedLimits {
  const places = placesOf(spec, findings);
  const repositories = repositoriesOf(spec, use, findings);
  const isLimited = places.some(({ namespace, cluster }) => namespace !== "*" || cluster !== "*");
  const namespaces = ownNamespaces(places, use, isLimited || repositories !== undefined, findings);
  if (!isLimited && repositories === undefined) return { namespaces, environment: undefined };
  const claims = claimsOf(places, findings);
  if (namespaces.length > MAX_NAMESPACES || (repositories?.length ?? 0) > MAX_REPOSITORIES)
    findings.add(
      "manual",
      "",
      `an Environment has at most ${MAX_NAMESPACES} namespaces and ${MAX_REPOSITORIES} repositories: write several`,
    );
  else if (namespaces.length > 0) {
    findings.add(
      "manual",
      "",
      "apply the Environment once the apps of the project have been taken over: in an Environment, the first change after the final policy waits for a request",
    );
    return { namespaces, environment: newEnvironment(project, namespaces, claims, repositories) };
  }
  return { namespaces, environment: undefined };
}

function newEnvironment(
  { metadata }: InputObject,
  namespaces: readonly string[],
  claims: readonly object[],
  repositories: readonly string[] | undefined,
): ProjectManifest {
  const { namespace = "argocd", name } = metadata;
  return {
    apiVersion: API_VERSION,
    kind: "Environment",
    metadata: { name: namespace === "argocd" ? name : `${namespace}-${name}` },
    spec: defined({
      namespaces: namespaces.map((one) => ({ name: one })),
      claims: claims.length === 0 ? undefined : claims,
      repositories,
    }),
  };
}

function isPattern(text: string): boolean {
  return /[*?[\]{}!]/.test(text);
}

function placesOf(spec: Fields, findings: Findings): readonly Place[] {
  return spec.objects("destinations").flatMap((destination) => {
    const cluster = destination.text("server") ?? destination.text("name") ?? "*";
    const namespace = destination.text("namespace") ?? "*";
    destination.ignore("name");
    if (![cluster, namespace].some((text) => text.startsWith("!")))
      return [{ field: destination.path, cluster: withoutUserInfo(cluster).url, namespace }];
    findings.add(
      "manual",
      destination.path,
      "denies a destination, which has no counterpart: give the ServiceAccount of the apps no rights there",
    );
    return [];
  });
}

/** The namespaces of the project in the local cluster that no other project is in. */
function ownNamespaces(
  places: readonly Place[],
  { namespaces, others }: ProjectUse,
  isLimited: boolean,
  findings: Findings,
): readonly string[] {
  const named = places.flatMap(({ field, cluster, namespace }) => {
    const problem = isPattern(namespace) ? undefined : namespaceProblem(namespace);
    if (problem !== undefined) findings.add("blocked", field, problem);
    if (!isPattern(namespace)) return cluster === "*" || isLocalCluster(cluster) ? [namespace] : [];
    if (namespace !== "*" || cluster !== "*") {
      const found = namespaces.filter((one) => globMatches(namespace, one));
      findings.add(
        "manual",
        field,
        `is a pattern: the Environment lists the namespaces of the apps that exist (${found.join(", ") || "none"}), and further ones have to be added to its spec.namespaces`,
      );
    }
    return [];
  });
  const all = [...new Set([...named, ...namespaces])].sort();
  for (const namespace of isLimited ? all : []) {
    const other = others.get(namespace);
    if (other !== undefined)
      findings.add(
        "manual",
        "spec.destinations",
        `namespace ${namespace} is also that of AppProject ${other}, and is not in the Environment, since the limits of both would hold for all of its apps: give each project namespaces of its own`,
      );
  }
  const own = all.filter((namespace) => !others.has(namespace));
  if (isLimited && own.length === 0)
    findings.add(
      "manual",
      "spec.destinations",
      "the project has no namespace of its own: write an Environment with its limits for the namespaces of its apps",
    );
  if (isLimited && own.length > 0)
    findings.add(
      "difference",
      "spec.destinations",
      "apps of other namespaces can no longer write to those of the Environment; what the apps of the project may write elsewhere is decided by the Roles of their ServiceAccount",
    );
  return own;
}

/** Namespaces of other clusters, which only apps of the Environment may write to. */
function claimsOf(places: readonly Place[], findings: Findings): readonly object[] {
  const byCluster = new Map<string, string[]>();
  for (const { field, cluster, namespace } of places) {
    if (cluster === "*" || isLocalCluster(cluster)) continue;
    if (!/^https:\/\//.test(cluster) || isPattern(cluster) || (isPattern(namespace) && namespace !== "*"))
      findings.add("manual", field, "is another cluster by name or by a pattern: claim it by its URL in spec.claims");
    else byCluster.set(cluster, [...(byCluster.get(cluster) ?? []), namespace]);
  }
  return [...byCluster].map(([cluster, namespaces]) => ({ cluster, namespaces: [...new Set(namespaces)].sort() }));
}

/** Patterns of `spec.repositories`; undefined if all repositories are permitted. */
function repositoriesOf(spec: Fields, { urls }: ProjectUse, findings: Findings): readonly string[] | undefined {
  const entries = spec.texts("sourceRepos") ?? [];
  const patterns: string[] = [];
  entries.forEach((entry, index) => {
    const field = `${spec.pathOf("sourceRepos")}[${index}]`;
    const { url } = withoutUserInfo(entry.replace(/^!/, ""));
    if (entry.startsWith("!"))
      findings.add("manual", field, "denies a repository, which has no counterpart: list those that are permitted");
    else if (/[?[\]{}]/.test(url))
      findings.add("manual", field, "is a pattern with more than *: list the URLs in spec.repositories");
    else {
      if (/[^*/][^*]*[*](?![*])/.test(url) && url.includes("/"))
        findings.add("difference", field, "* also stands for further parts of a path in spec.repositories");
      patterns.push(url.replace(/[*]+/g, "*"));
    }
  });
  if (entries.length === 0 || patterns.includes("*")) return undefined;
  findings.add(
    "difference",
    spec.pathOf("sourceRepos"),
    "limits Git repositories with their remote bases and submodules; registries of charts are not limited by an Environment",
  );
  // Argo CD compares URLs without .git and without regard to capitals of the host: those in use stay permitted.
  const inUse = urls.filter((url) =>
    patterns.some((pattern) => globMatches(comparableUrl(pattern), comparableUrl(url)) && !globMatches(pattern, url)),
  );
  return [...new Set([...patterns, ...inUse])];
}
