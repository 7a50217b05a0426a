import { isStatus } from "../../../kube/errors.js";
import type { ArgoCredential } from "../../../migration/argocd/secrets.js";
import { SECRET_TYPE } from "../../../migration/argocd/secrets.js";
import type { InputObject } from "../../../migration/conversion.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { ClusterFlags, SelectionFlags } from "../../flags.js";
import { hint } from "../../terminal.js";
import { credentialOf } from "./credentials.js";
import type { ImportInput, Tool } from "./input.js";

/** Flags that select what is read. */
type ReadFlags = ClusterFlags & SelectionFlags;

/** Kinds of each tool: group, and plural with kind. */
const KINDS: Readonly<Record<Tool, readonly (readonly [group: string, plural: string, kind: string])[]>> = {
  argocd: [
    ["argoproj.io", "applications", "Application"],
    ["argoproj.io", "appprojects", "AppProject"],
    ["argoproj.io", "applicationsets", "ApplicationSet"],
  ],
  flux: [
    ["source.toolkit.fluxcd.io", "gitrepositories", "GitRepository"],
    ["source.toolkit.fluxcd.io", "helmrepositories", "HelmRepository"],
    ["source.toolkit.fluxcd.io", "helmcharts", "HelmChart"],
    ["source.toolkit.fluxcd.io", "ocirepositories", "OCIRepository"],
    ["source.toolkit.fluxcd.io", "buckets", "Bucket"],
    ["source.extensions.fluxcd.io", "artifactgenerators", "ArtifactGenerator"],
    ["kustomize.toolkit.fluxcd.io", "kustomizations", "Kustomization"],
    ["helm.toolkit.fluxcd.io", "helmreleases", "HelmRelease"],
    ["image.toolkit.fluxcd.io", "imageupdateautomations", "ImageUpdateAutomation"],
    ["image.toolkit.fluxcd.io", "imagepolicies", "ImagePolicy"],
    ["image.toolkit.fluxcd.io", "imagerepositories", "ImageRepository"],
  ],
};

/** Page size of lists. */
const LIMIT = 500;

/** Reads the objects of a tool from the cluster: those of all namespaces, or of the one that is named. */
export async function readCluster(cluster: Cluster, tool: Tool, flags: ReadFlags): Promise<ImportInput> {
  const namespace = flags.namespace ?? "";
  const objects: InputObject[] = [];
  for (const [group, plural, kind] of KINDS[tool]) {
    const version = await preferredVersion(cluster, group);
    if (version === undefined) continue;
    const found = await listAll(cluster, `/apis/${group}/${version}`, plural, namespace, selectorOf(kind, flags));
    // A HelmChart of a HelmRelease has all its fields from there.
    const own =
      kind === "HelmChart" ? found.filter(({ metadata }) => !hasLabel(metadata, "helm.toolkit.fluxcd.io/name")) : found;
    objects.push(...own.map((object) => ({ ...object, apiVersion: `${group}/${version}`, kind })));
  }
  const place =
    namespace === "" ? " in the cluster" : ` in namespace ${namespace}: without -n, all namespaces are read`;
  return { objects, credentials: tool === "argocd" ? await credentials(cluster, flags) : [], problems: [], place };
}

/** A selector is for apps; sources and projects are read as a whole, since apps refer to them. */
function selectorOf(kind: string, { selector }: ReadFlags): string | undefined {
  return kind === "Application" || kind === "Kustomization" || kind === "HelmRelease" ? selector : undefined;
}

function hasLabel(metadata: InputObject["metadata"], label: string): boolean {
  return (metadata as { labels?: Record<string, string> }).labels?.[label] !== undefined;
}

async function preferredVersion(cluster: Cluster, group: string): Promise<string | undefined> {
  try {
    const found = await cluster.request<{ preferredVersion?: { version?: string } }>({
      method: "GET",
      path: `/apis/${group}`,
    });
    return found.preferredVersion?.version;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

interface Page {
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly InputObject[];
}

async function listAll(
  cluster: Cluster,
  base: string,
  plural: string,
  namespace: string,
  labelSelector: string | undefined,
): Promise<readonly InputObject[]> {
  const path = namespace === "" ? `${base}/${plural}` : `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  const items: InputObject[] = [];
  let next: string | undefined;
  do {
    const query = { labelSelector, limit: String(LIMIT), continue: next };
    let page: Page;
    try {
      page = await cluster.request<Page>({ method: "GET", path, query });
    } catch (error) {
      // The group is served without this kind.
      if (isStatus(error, 404)) return [];
      throw error;
    }
    items.push(...page.items);
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return items;
}

/** Which Secrets hold credentials for which URLs. Their values are read for the URL alone. */
async function credentials(cluster: Cluster, flags: ReadFlags): Promise<readonly ArgoCredential[]> {
  const selector = `${SECRET_TYPE} in (repository,repo-creds)`;
  try {
    const secrets = await listAll(cluster, "/api/v1", "secrets", flags.namespace ?? "", selector);
    return secrets.flatMap((secret) => credentialOf(secret) ?? []);
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    hint(
      flags,
      "Secrets cannot be read: set secretRef of the GitRepositories by hand, or run this as a user who may list Secrets",
    );
    return [];
  }
}
