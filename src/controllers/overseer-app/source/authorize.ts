import type { OverseerApp } from "../../../api/overseer-app.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";

/** Whether an app signs in with a Secret of its own namespace: then nothing is done with the operator's rights. */
export function hasOwnCredential({ spec: { destination } }: OverseerApp): boolean {
  return destination.overseer !== undefined || destination.kubernetes?.kubeConfigSecretRef !== undefined;
}

/**
 * An app has no right of its own: it writes as its ServiceAccount. The operator's own rights serve only apps in the
 * namespaces that whoever runs the operator trusts.
 */
export function authorize(run: AppRun): Problem | undefined {
  if (hasOwnCredential(run.app)) return undefined;
  if (run.target.serviceAccountName !== undefined || run.services.trustedNamespaces.has(run.ref.namespace))
    return undefined;
  return {
    stage: "Access",
    reason: "ServiceAccountRequired",
    message: `spec.serviceAccountName is not set: set it to a ServiceAccount in namespace ${run.ref.namespace} that may write this app's objects, or add the namespace to the operator's --trusted-namespaces`,
    terminal: true,
  };
}
