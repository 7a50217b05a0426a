import { isSuspended } from "../../../api/suspension.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { RefusedWrite } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import { type AppRun, targetOf } from "../run.js";
import { hasOwnCredential } from "../source/authorize.js";
import { claimKey } from "./claims.js";

/**
 * Whether an app that claims an object of another one can take ownership of it. Depends only on the documents of each app and
 * their preview, never on another app's progress, so that apps that exchange objects cannot wait for each other.
 * - `now`: its newest documents are accepted, or refused only because of objects that their owners release;
 * - `unknown`: its newest documents have not been checked yet;
 * - `later`: it is suspended, or refused for another reason: an app takes nothing while it cannot apply its own documents;
 * - `never`: it is not authorized to write the object.
 */
export type Standing =
  | { readonly takes: "now" | "unknown" | "never" }
  | { readonly takes: "later"; readonly why: string };

/** Determines whether another app can take ownership of an object of this one. */
export async function standingOf(run: AppRun, other: string, live: LiveObject): Promise<Standing> {
  const { apps, memories } = run.services;
  if (!(await canAdopt(run, other, live))) return { takes: "never" };
  const app = apps.get(other);
  if (!app || app.metadata.deletionTimestamp) return { takes: "never" };
  if (isSuspended(app.spec, run.services.clock.now()))
    return { takes: "later", why: `OverseerApp ${other} claims it but is suspended` };
  const memory = memories.get(other);
  if (memory?.claimsStale)
    return { takes: "later", why: `OverseerApp ${other} claims it but its newest documents cannot be rendered` };
  const newest = memory?.claimed?.by.inputs.key;
  if (newest === undefined) return { takes: "unknown" };
  if (memory?.checked?.inputsKey !== newest) return { takes: app.status?.applied?.key === newest ? "now" : "unknown" };
  const refused = memory.checked.refused.map(({ key, owner }) => isReleased(run, key, owner));
  if (refused.includes(false))
    return { takes: "later", why: `OverseerApp ${other} claims it but its own Change is refused` };
  return { takes: refused.includes(undefined) ? "unknown" : "now" };
}

/** Reports whether a write is refused only until the owner of the object, whose newest documents omit it, hands it over. */
export function awaitsHandOver(run: AppRun, { action, owner }: RefusedWrite): boolean {
  return owner !== undefined && isReleased(run, claimKey(run, action.document.key), owner) === true;
}

/** Reports whether the owner of an object no longer claims it; undefined while unknown. */
function isReleased(run: AppRun, key: ObjectKey, owner: string | undefined): boolean | undefined {
  const { apps, claims, memories } = run.services;
  if (owner === undefined) return false;
  const [namespace = ""] = owner.split("/");
  // The claims of apps of another installation are unknown here, so they count as kept.
  if (!apps.follows(namespace)) return false;
  const app = apps.get(owner);
  if (!app || app.metadata.deletionTimestamp) return true;
  if (isSuspended(app.spec, run.services.clock.now())) return false;
  const memory = memories.get(owner);
  if (memory?.reconciled !== true) return undefined;
  return !memory.claimsStale && claims.wants(owner, key) === false;
}

/**
 * Reports whether another app may write an object of this one. Checked with the other app's credential: two kubeconfigs of one
 * remote cluster can have different permissions.
 */
async function canAdopt(run: AppRun, other: string, live: LiveObject): Promise<boolean> {
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
