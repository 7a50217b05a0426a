import type { AppObjects } from "./app-objects.js";
import type { PodVolumes } from "./pod-volumes.js";

/** Pods that mount the same claims and have to run on one node, and these claims. */
export interface VolumeGroup {
  readonly name: string;
  readonly claims: readonly string[];
  readonly pods: readonly string[];
}

/**
 * Groups pods by the claims that they share. Claims that several nodes can mount share nothing. The group has the name of its first
 * pod, so that it stays the same when pods are added.
 */
export function volumeGroups(
  pods: ReadonlyMap<string, PodVolumes>,
  objects: AppObjects,
): ReadonlyMap<string, VolumeGroup> {
  const owner = new Map<string, string>();
  const parent = new Map<string, string>([...pods.keys()].map((name) => [name, name]));
  const root = (name: string): string => {
    let at = name;
    for (let next = parent.get(at) ?? at; next !== at; next = parent.get(at) ?? at) at = next;
    return at;
  };
  for (const [name, { claims }] of pods) {
    for (const claim of claims) {
      if (objects.isShared(claim)) continue;
      const other = owner.get(claim);
      if (other === undefined) owner.set(claim, name);
      else if (root(other) !== root(name)) parent.set(root(name), root(other));
    }
  }
  const groups = new Map<string, { name: string; claims: Set<string>; pods: string[] }>();
  for (const [name, { claims }] of pods) {
    if (claims.length === 0) continue;
    const group = groups.get(root(name)) ?? { name: root(name), claims: new Set<string>(), pods: [] };
    groups.set(root(name), group);
    group.pods.push(name);
    for (const claim of claims) group.claims.add(claim);
  }
  const byPod = new Map<string, VolumeGroup>();
  for (const { name, claims, pods: members } of groups.values())
    for (const member of members) byPod.set(member, { name, claims: [...claims], pods: members });
  return byPod;
}
