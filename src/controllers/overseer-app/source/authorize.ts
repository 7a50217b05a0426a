import type { OverseerApp } from "../../../api/overseer-app.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";

/** Reports whether an app authenticates with a Secret of its own namespace, so that the operator's permissions are not used. */
export function hasOwnCredential({ spec: { destination } }: OverseerApp): boolean {
  return destination.overseer !== undefined || destination.kubernetes?.kubeConfigSecretRef !== undefined;
}

/**
 * Returns a problem if the app has no identity to write as. Apps write as their ServiceAccount; only apps in trusted namespaces
 * may use the operator's own permissions.
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
