import type { LiveObject } from "../../../plan/live.js";
import { type AppRun, targetOf } from "../run.js";
import { hasOwnCredential } from "../source/authorize.js";

/**
 * Whether another app may write an object of this one. The other one is asked by its own credential: at one remote cluster, two
 * kubeconfigs need not have the same rights.
 */
export async function canAdopt(run: AppRun, other: string, live: LiveObject): Promise<boolean> {
  const app = run.services.apps.get(other);
  if (!app) return false;
  const target = targetOf(app);
  const own = target.serviceAccountName === undefined && !hasOwnCredential(app);
  if (own && !run.services.trustedNamespaces.has(target.app.namespace)) return false;
  const destination = run.services.destinations.current(other);
  // What cannot be asked has no say: otherwise a broken credential would hold up another app.
  if (destination?.id !== run.destination.id || destination.unavailability() !== undefined) return false;
  return destination.mayWrite(target, live);
}
