/** A built-in API that Kubernetes no longer serves. */
export interface RemovedKind {
  /** `apiVersion`s that are no longer served. */
  readonly from: readonly string[];
  readonly kinds: readonly string[];
  /** The `apiVersion` that replaces them; undefined if the kind was removed. */
  readonly to?: string;
  /** Whether the new version has a different schema. */
  readonly changed?: boolean;
  /** The first Kubernetes version without it. */
  readonly since: string;
  /** What to use instead of a removed kind. */
  readonly instead?: string;
}

/** Removed versions of built-in kinds, from the Kubernetes deprecation guide as of 1.35. */
export const REMOVED_KINDS: readonly RemovedKind[] = [
  { from: ["extensions/v1beta1"], kinds: ["Ingress"], to: "networking.k8s.io/v1", changed: true, since: "1.22" },
  { from: ["networking.k8s.io/v1beta1"], kinds: ["Ingress"], to: "networking.k8s.io/v1", changed: true, since: "1.22" },
  { from: ["networking.k8s.io/v1beta1"], kinds: ["IngressClass"], to: "networking.k8s.io/v1", since: "1.22" },
  {
    from: ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"],
    kinds: ["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"],
    to: "apps/v1",
    changed: true,
    since: "1.16",
  },
  { from: ["extensions/v1beta1"], kinds: ["NetworkPolicy"], to: "networking.k8s.io/v1", since: "1.16" },
  {
    from: ["extensions/v1beta1", "policy/v1beta1"],
    kinds: ["PodSecurityPolicy"],
    since: "1.25",
    instead: "Pod Security admission, by the label pod-security.kubernetes.io/enforce of the Namespace",
  },
  { from: ["policy/v1beta1"], kinds: ["PodDisruptionBudget"], to: "policy/v1", since: "1.25" },
  { from: ["batch/v1beta1", "batch/v2alpha1"], kinds: ["CronJob"], to: "batch/v1", since: "1.25" },
  {
    from: ["autoscaling/v2beta1", "autoscaling/v2beta2"],
    kinds: ["HorizontalPodAutoscaler"],
    to: "autoscaling/v2",
    changed: true,
    since: "1.26",
  },
  {
    from: ["discovery.k8s.io/v1beta1"],
    kinds: ["EndpointSlice"],
    to: "discovery.k8s.io/v1",
    changed: true,
    since: "1.25",
  },
  { from: ["events.k8s.io/v1beta1"], kinds: ["Event"], to: "events.k8s.io/v1", changed: true, since: "1.25" },
  {
    from: ["node.k8s.io/v1beta1", "node.k8s.io/v1alpha1"],
    kinds: ["RuntimeClass"],
    to: "node.k8s.io/v1",
    changed: true,
    since: "1.25",
  },
  {
    from: ["apiextensions.k8s.io/v1beta1"],
    kinds: ["CustomResourceDefinition"],
    to: "apiextensions.k8s.io/v1",
    changed: true,
    since: "1.22",
  },
  { from: ["apiregistration.k8s.io/v1beta1"], kinds: ["APIService"], to: "apiregistration.k8s.io/v1", since: "1.22" },
  {
    from: ["admissionregistration.k8s.io/v1beta1"],
    kinds: ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
    to: "admissionregistration.k8s.io/v1",
    changed: true,
    since: "1.22",
  },
  {
    from: ["rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1"],
    kinds: ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
    to: "rbac.authorization.k8s.io/v1",
    since: "1.22",
  },
  {
    from: ["scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1alpha1"],
    kinds: ["PriorityClass"],
    to: "scheduling.k8s.io/v1",
    since: "1.22",
  },
  { from: ["coordination.k8s.io/v1beta1"], kinds: ["Lease"], to: "coordination.k8s.io/v1", since: "1.22" },
  {
    from: ["certificates.k8s.io/v1beta1"],
    kinds: ["CertificateSigningRequest"],
    to: "certificates.k8s.io/v1",
    changed: true,
    since: "1.22",
  },
  {
    from: ["storage.k8s.io/v1beta1"],
    kinds: ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    to: "storage.k8s.io/v1",
    since: "1.22",
  },
  { from: ["storage.k8s.io/v1beta1"], kinds: ["CSIStorageCapacity"], to: "storage.k8s.io/v1", since: "1.27" },
  {
    from: [
      "flowcontrol.apiserver.k8s.io/v1beta1",
      "flowcontrol.apiserver.k8s.io/v1beta2",
      "flowcontrol.apiserver.k8s.io/v1beta3",
    ],
    kinds: ["FlowSchema", "PriorityLevelConfiguration"],
    to: "flowcontrol.apiserver.k8s.io/v1",
    changed: true,
    since: "1.32",
  },
  {
    from: ["authentication.k8s.io/v1beta1"],
    kinds: ["TokenReview"],
    to: "authentication.k8s.io/v1",
    since: "1.22",
  },
];
