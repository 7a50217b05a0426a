import type { LiveObject } from "../../plan/live.js";
import { bringsCredential } from "./authorise.js";
import { claimKey } from "./claims.js";
import { type AppRun, targetOf } from "./run.js";

/**
 * Finds out, before anything is handed over, which of the apps that want these objects may write them. Naming an object in Git
 * must give nobody a hold on it: a tenant could keep alive, and make his own, what another app deletes.
 */
export async function judgeClaims(run: AppRun, objects: readonly LiveObject[]): Promise<void> {
  const { claims } = run.services;
  for (const live of objects) {
    const key = claimKey(run, live.key);
    const refused: string[] = [];
    for (const other of claims.claimants(key, run.key)) if (!(await mayTake(run, other, live))) refused.push(other);
    claims.dismiss(key, refused);
  }
}

/**
 * Whether another app may write an object of this one. The other one is asked by its own credential: at one remote cluster, two
 * kubeconfigs need not have the same rights.
 */
export async function mayTake(run: AppRun, other: string, live: LiveObject): Promise<boolean> {
  const app = run.services.apps.get(other);
  if (!app) return false;
  const target = targetOf(app);
  const own = target.serviceAccountName === undefined && !bringsCredential(app);
  if (own && !run.services.trustedNamespaces.has(target.app.namespace)) return false;
  const destination = run.services.destinations.current(other);
  // What cannot be asked has no say: otherwise a broken credential would hold up another app.
  if (destination?.id !== run.destination.id || destination.obstacle() !== undefined) return false;
  return destination.mayWrite(target, live);
}
