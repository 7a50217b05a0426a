import type { Discovery } from "../../kube/discovery.js";
import type { ClusterFacts } from "../../render/request.js";

/** Facts by the kinds that they were made of: all apps of a cluster share them. */
const known = new WeakMap<object, ClusterFacts>();

/** What charts may ask of a cluster: its version, and the kinds that it serves, as Helm names them. */
export function clusterFacts({
  serverVersion: kubeVersion,
  kinds,
}: Pick<Discovery, "serverVersion" | "kinds">): ClusterFacts | undefined {
  if (kubeVersion === undefined) return undefined;
  const facts = known.get(kinds) ?? { kubeVersion, apiVersions: apiVersionsOf(kinds) };
  known.set(kinds, facts);
  return facts;
}

function apiVersionsOf(kinds: Discovery["kinds"]): string[] {
  const versions = new Set<string>();
  for (const { group, version, kind } of kinds.values()) {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    versions.add(apiVersion).add(`${apiVersion}/${kind}`);
  }
  return [...versions].sort();
}
