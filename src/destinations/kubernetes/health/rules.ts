import type { RawObject } from "../../../kube/object.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { conditionHealth } from "./conditions.js";
import { jobHealth, podHealth } from "./run-to-end.js";
import { claimHealth, definitionHealth, serviceHealth } from "./services.js";
import { daemonSetHealth, deploymentHealth, replicaSetHealth, statefulSetHealth } from "./workloads.js";

/** Judges the health of one object from its status. Pure. */
export type HealthRule = (object: RawObject) => ObjectHealth;

/** What an object is when nothing speaks against it. */
export const HEALTHY: ObjectHealth = { status: "Healthy" };

const RULES: Readonly<Record<string, HealthRule>> = {
  "apps/Deployment": deploymentHealth,
  "apps/StatefulSet": statefulSetHealth,
  "apps/DaemonSet": daemonSetHealth,
  "apps/ReplicaSet": replicaSetHealth,
  "batch/Job": jobHealth,
  "/Pod": podHealth,
  "/Service": serviceHealth,
  "/PersistentVolumeClaim": claimHealth,
  "apiextensions.k8s.io/CustomResourceDefinition": definitionHealth,
};

/**
 * Built-in kinds that are healthy as soon as they exist, Ingress among them (kstatus calls it Current with or without a
 * controller). They are watched by their metadata alone.
 */
const HEALTHY_BY_EXISTENCE: ReadonlySet<string> = new Set([
  "/ConfigMap",
  "/Secret",
  "/ServiceAccount",
  "/Namespace",
  "/Endpoints",
  "/LimitRange",
  "/ResourceQuota",
  "/PersistentVolume",
  "/Event",
  "/PodTemplate",
  "batch/CronJob",
  "networking.k8s.io/Ingress",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/NetworkPolicy",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "storage.k8s.io/StorageClass",
  "storage.k8s.io/CSIDriver",
  "scheduling.k8s.io/PriorityClass",
  "node.k8s.io/RuntimeClass",
  "discovery.k8s.io/EndpointSlice",
  "coordination.k8s.io/Lease",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
  "admissionregistration.k8s.io/MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding",
  "gitops.overseer.io/Change",
]);

const kindKey = (kind: GroupVersionKind): string => `${kind.group}/${kind.kind}`;

/** Whether the health of a kind has to be computed from whole objects. */
export function needsStatus(kind: GroupVersionKind): boolean {
  return !HEALTHY_BY_EXISTENCE.has(kindKey(kind));
}

/** Health of an object of a kind, by its own rule or by the conditions that every well-behaved kind has. */
export function healthOf(object: RawObject, kind: GroupVersionKind): ObjectHealth {
  if (!needsStatus(kind)) return HEALTHY;
  return (RULES[kindKey(kind)] ?? conditionHealth)(object);
}
