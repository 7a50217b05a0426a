/**
 * Built-in API groups with a dot in their name (Kubernetes 1.35, `kubectl api-versions` of a bare API server). Groups without a
 * dot are always built in, because groups of custom resources must contain one.
 */
const DOTTED: ReadonlySet<string> = new Set([
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

/** Reports whether an API group is built in, that is, served without a CustomResourceDefinition. */
export function isBuiltinGroup(group: string): boolean {
  return !group.includes(".") || DOTTED.has(group);
}
