import type { RawObject } from "../../../kube/object.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { conditionHealth } from "./conditions.js";
import {
  apiServiceHealth,
  autoscalerHealth,
  certificateRequestHealth,
  disruptionBudgetHealth,
  flowSchemaHealth,
} from "./control.js";
import { withPods } from "./health-lookup.js";
import { operatorRule } from "./operator-kinds.js";
import { unlessSuspended } from "./operators.js";
import { jobHealth, podHealth } from "./run-to-end.js";
import { claimHealth, definitionHealth, serviceHealth } from "./services.js";
import { daemonSetHealth, deploymentHealth, replicaSetHealth, statefulSetHealth } from "./workloads.js";

/** Computes the health of an object from its status. */
export type HealthRule = (object: RawObject) => ObjectHealth;

/** Health without a message. */
export const HEALTHY: ObjectHealth = { status: "Healthy" };

/** Kinds with a rule. All kinds that are in neither list are judged by their conditions. */
const RULES: Readonly<Record<string, HealthRule>> = {
  "apps/Deployment": withPods(deploymentHealth),
  "apps/StatefulSet": withPods(statefulSetHealth),
  "apps/DaemonSet": withPods(daemonSetHealth),
  "apps/ReplicaSet": withPods(replicaSetHealth),
  "batch/Job": withPods(jobHealth),
  "/Pod": podHealth,
  "/Service": serviceHealth,
  "/PersistentVolumeClaim": claimHealth,
  "apiextensions.k8s.io/CustomResourceDefinition": definitionHealth,
  "/ReplicationController": withPods(replicaSetHealth),
  "/Node": conditionHealth,
  "apiregistration.k8s.io/APIService": apiServiceHealth,
  "autoscaling/HorizontalPodAutoscaler": autoscalerHealth,
  "certificates.k8s.io/CertificateSigningRequest": certificateRequestHealth,
  "flowcontrol.apiserver.k8s.io/FlowSchema": flowSchemaHealth,
  "networking.k8s.io/ServiceCIDR": conditionHealth,
  "policy/PodDisruptionBudget": disruptionBudgetHealth,
  "batch/CronJob": unlessSuspended(() => HEALTHY),
  // As in kstatus, with or without a controller; watched in full so that health.expressions can read its status.
  "networking.k8s.io/Ingress": () => HEALTHY,
};

/** Built-in kinds that are healthy as soon as they exist. They are watched by their metadata alone. */
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
  "apps/ControllerRevision",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/IPAddress",
  "networking.k8s.io/NetworkPolicy",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "storage.k8s.io/StorageClass",
  "storage.k8s.io/CSIDriver",
  "storage.k8s.io/CSINode",
  "storage.k8s.io/CSIStorageCapacity",
  "storage.k8s.io/VolumeAttachment",
  "storage.k8s.io/VolumeAttributesClass",
  "resource.k8s.io/DeviceClass",
  "resource.k8s.io/ResourceClaim",
  "resource.k8s.io/ResourceClaimTemplate",
  "resource.k8s.io/ResourceSlice",
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
  "events.k8s.io/Event",
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

/** Whether a built-in kind is in one of the two lists. Custom resources are judged by their conditions. */
export function isDecided(kind: Pick<GroupVersionKind, "group" | "kind">): boolean {
  const key = `${kind.group}/${kind.kind}`;
  return key in RULES || HEALTHY_BY_EXISTENCE.has(key);
}

/** Whether computing the health of a kind requires full objects. */
export function needsStatus(kind: GroupVersionKind): boolean {
  return !HEALTHY_BY_EXISTENCE.has(kindKey(kind));
}

/**
 * Computes the health of an object by the rule of its kind, or by its conditions. Unknown if fields have other types than its kind defines,
 * as in a remote cluster whose API server is not the one of Kubernetes: one object must not end the watch of its kind.
 */
export function healthOf(object: RawObject, kind: GroupVersionKind): ObjectHealth {
  if (!needsStatus(kind)) return HEALTHY;
  try {
    return (RULES[kindKey(kind)] ?? operatorRule(kind) ?? conditionHealth)(object);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { status: "Unknown", message: `spec or status do not have the types of ${kind.kind}` };
  }
}
