import type { AppRun, Problem } from "./run.js";

/**
 * An app has no right of its own: it writes as its ServiceAccount. The operator's own rights serve only apps in the
 * namespaces that whoever runs the operator trusts.
 */
export function authorise(run: AppRun): Problem | undefined {
  // At an Overseer Core the token decides, which is in the app's own namespace.
  if (run.app.spec.destination.overseer !== undefined) return undefined;
  if (run.target.serviceAccountName !== undefined || run.services.trustedNamespaces.has(run.ref.namespace))
    return undefined;
  return {
    stage: "Access",
    reason: "ServiceAccountRequired",
    message: `spec.serviceAccountName is not set: name a ServiceAccount of namespace ${run.ref.namespace} that may write this app's objects, or have the namespace added to the operator's --trusted-namespaces`,
    terminal: true,
  };
}
