import { isBuiltinGroup } from "./builtin-groups.js";
import type { ObjectId } from "./object-id.js";

/**
 * Apply tier of an object: 0 for prerequisites such as Namespaces and CustomResourceDefinitions, 1 for configuration, 2 for
 * everything else, 3 for objects that intercept or serve API requests and would reject earlier tiers while not ready.
 */
export type ApplyTier = 0 | 1 | 2 | 3;

/** Order of kinds in each tier. Other kinds are in tier 2, after the listed ones. */
const ORDER: Readonly<Record<ApplyTier, readonly string[]>> = {
  0: [
    "/Namespace",
    "apiextensions.k8s.io/CustomResourceDefinition",
    "scheduling.k8s.io/PriorityClass",
    "node.k8s.io/RuntimeClass",
    "storage.k8s.io/StorageClass",
    "storage.k8s.io/CSIDriver",
    "storage.k8s.io/VolumeAttributesClass",
    "networking.k8s.io/IngressClass",
    "resource.k8s.io/DeviceClass",
    "core.overseer.io/NodeConfig",
    "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
    "flowcontrol.apiserver.k8s.io/FlowSchema",
  ],
  1: [
    "/ResourceQuota",
    "/LimitRange",
    "networking.k8s.io/NetworkPolicy",
    "policy/PodDisruptionBudget",
    "/ServiceAccount",
    "/Secret",
    "core.overseer.io/Secret",
    "/ConfigMap",
    "rbac.authorization.k8s.io/ClusterRole",
    "rbac.authorization.k8s.io/ClusterRoleBinding",
    "rbac.authorization.k8s.io/Role",
    "rbac.authorization.k8s.io/RoleBinding",
    "/PersistentVolume",
    "/PersistentVolumeClaim",
  ],
  2: [
    "/Service",
    "/PodTemplate",
    "apps/DaemonSet",
    "/Pod",
    "/ReplicationController",
    "apps/ReplicaSet",
    "apps/Deployment",
    "apps/StatefulSet",
    "autoscaling/HorizontalPodAutoscaler",
    "batch/Job",
    "batch/CronJob",
    "networking.k8s.io/Ingress",
    "core.overseer.io/App",
  ],
  3: [
    "core.overseer.io/Route",
    "core.overseer.io/BackupPolicy",
    "apiregistration.k8s.io/APIService",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
    "admissionregistration.k8s.io/MutatingAdmissionPolicy",
    "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  ],
};

interface Rank {
  readonly tier: ApplyTier;
  readonly place: number;
}

const UNNAMED: Rank = { tier: 2, place: ORDER[2].length };

/** Ranks by kind and group: sorting asks for them often. */
const RANKS = new Map<string, Map<string, Rank>>();
for (const tier of [0, 1, 2, 3] as const)
  for (const [place, name] of ORDER[tier].entries()) {
    const [group = "", kind = ""] = name.split("/");
    RANKS.set(kind, (RANKS.get(kind) ?? new Map<string, Rank>()).set(group, { tier, place }));
  }

function rankOf(id: Pick<ObjectId, "group" | "kind">): Rank {
  return RANKS.get(id.kind)?.get(id.group) ?? UNNAMED;
}

/** Returns the apply tier of an object. The objects of a tier can be applied concurrently; the next tier waits for them. */
export function applyTier(id: Pick<ObjectId, "group" | "kind">): ApplyTier {
  return rankOf(id).tier;
}

/**
 * Compares objects in apply order: by tier, then by kind, group, namespace and name. Uses code unit order, so that the result
 * does not depend on the locale.
 */
export function compareForApply(a: ObjectId, b: ObjectId): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  return (
    rankA.tier - rankB.tier ||
    rankA.place - rankB.place ||
    compareText(a.group, b.group) ||
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}

/**
 * Returns the deletion tier of an object; higher tiers are deleted first. It is the apply tier, except that custom resources go
 * before the workloads of tier 2, which may have to finish them, and an APIService between both: after what it serves, and
 * before its backend.
 */
export function pruneTier(id: Pick<ObjectId, "group" | "kind">): number {
  if (id.group === "apiregistration.k8s.io") return 2.3;
  const rank = rankOf(id);
  return rank === UNNAMED && !isBuiltinGroup(id.group) ? 2.6 : rank.tier;
}

/** Compares objects in prune order: by deletion tier, then the reverse of apply order. */
export function compareForPrune(a: ObjectId, b: ObjectId): number {
  return pruneTier(b) - pruneTier(a) || compareForApply(b, a);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
