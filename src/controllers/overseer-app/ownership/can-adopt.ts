import type { LiveObject } from "../../../plan/live.js";
import { type AppRun, targetOf } from "../run.js";
import { hasOwnCredential } from "../source/authorize.js";

/**
 * Reports whether another app may write an object of this one. Checked with the other app's credential: two kubeconfigs of one
 * remote cluster can have different permissions.
 */
export async function canAdopt(run: AppRun, other: string, live: LiveObject): Promise<boolean> {
  const app = run.services.apps.get(other);
  if (!app) return false;
  const target = targetOf(app);
  const own = target.serviceAccountName === undefined && !hasOwnCredential(app);
  if (own && !run.services.trustedNamespaces.has(target.app.namespace)) return false;
  const destination = run.services.destinations.current(other);
  // An unavailable destination counts as not authorized: a broken credential must not block another app.
  if (destination?.id !== run.destination.id || destination.unavailability() !== undefined) return false;
  return destination.mayWrite(target, live);
}
