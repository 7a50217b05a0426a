import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { AppRun } from "../run.js";
import { canAdopt } from "./can-adopt.js";

/**
 * Whether an app that wants an object of another one can take ownership of it. The answer depends on what each app wants and
 * on what the destination said of it, never on another app's progress: so apps that exchange objects cannot wait for each other.
 * - `now`: its newest documents are accepted, or refused only for objects that their owners give up;
 * - `unknown`: its newest documents have not been checked yet, which takes a moment;
 * - `later`: it is suspended, or refused for another reason: an app takes nothing while it cannot apply its own documents;
 * - `never`: it may not write the object.
 */
export type Standing =
  | { readonly takes: "now" | "unknown" | "never" }
  | { readonly takes: "later"; readonly why: string };

/** Finds out whether another app can take ownership of an object of this one. */
export async function standingOf(run: AppRun, other: string, live: LiveObject): Promise<Standing> {
  const { apps, memories } = run.services;
  if (!(await canAdopt(run, other, live))) return { takes: "never" };
  const app = apps.get(other);
  if (!app || app.metadata.deletionTimestamp) return { takes: "never" };
  if (app.spec.suspend) return { takes: "later", why: `OverseerApp ${other} claims it but is suspended` };
  const memory = memories.get(other);
  if (memory?.claimsStale)
    return { takes: "later", why: `OverseerApp ${other} claims it but its newest documents cannot be rendered` };
  const wanted = memory?.claimed?.by.inputs.key;
  if (wanted === undefined) return { takes: "unknown" };
  if (memory?.checked?.inputsKey !== wanted) return { takes: app.status?.applied?.key === wanted ? "now" : "unknown" };
  const refused = memory.checked.refused.map(({ key, owner }) => isGivenUp(run, key, owner));
  if (refused.includes(false))
    return { takes: "later", why: `OverseerApp ${other} claims it but its own Change is refused` };
  return { takes: refused.includes(undefined) ? "unknown" : "now" };
}

/** Whether the owner of an object does not want it any more; undefined while nobody knows. */
function isGivenUp(run: AppRun, key: ObjectKey, owner: string | undefined): boolean | undefined {
  const { apps, claims, memories } = run.services;
  if (owner === undefined) return false;
  const [namespace = ""] = owner.split("/");
  // What another installation looks after is not known here, and is not given up for that.
  if (!apps.follows(namespace)) return false;
  const app = apps.get(owner);
  if (!app || app.metadata.deletionTimestamp) return true;
  if (app.spec.suspend) return false;
  const memory = memories.get(owner);
  if (memory?.reconciled !== true) return undefined;
  return !memory.claimsStale && claims.wants(owner, key) === false;
}
