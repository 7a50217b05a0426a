/**
 * API groups that the API server itself serves. A group of a custom resource always has a dot, so all groups without one
 * are built in; of those with a dot, these. (Kubernetes 1.35, `kubectl api-versions` of a bare API server.)
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

/** Whether the API server serves this group without any custom resource definition. */
export function isBuiltinGroup(group: string): boolean {
  return !group.includes(".") || DOTTED.has(group);
}
