import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { PruneRequest } from "../../../plan/prune-guard.js";
import type { AppRun } from "../run.js";
import { claimKey } from "./claims.js";
import { type Standing, standingOf } from "./standing.js";

/** Time for an app that claims an object to check its newest documents. */
const MAX_CHECK_MS = 30_000;

/** The app that is to own an object no longer desired by this one, and whether it can take ownership yet. */
export interface Claimant {
  readonly app: string;
  readonly standing: Standing;
}

/** Claimants of objects, by the object's key. */
export type Claimants = ReadonlyMap<ObjectKey, Claimant>;

/** Precedence among several claimants of an object. */
const ORDER = ["now", "unknown", "later"] as const;

/**
 * Decides which app is to own each of these objects before anything is transferred or deleted. A claim without permission to
 * write the object has no effect: otherwise a tenant could keep, and take over, an object that another app deletes.
 */
export async function judgeClaims(run: AppRun, objects: readonly LiveObject[]): Promise<Claimants> {
  const { claims } = run.services;
  const found = new Map<ObjectKey, Claimant>();
  const overdue = isOverdue(run);
  for (const live of objects) {
    const key = claimKey(run, live.key);
    const able: Claimant[] = [];
    const dismissed: string[] = [];
    for (const app of claims.claimants(key, run.key)) {
      const standing = await standingOf(run, app, live);
      if (standing.takes !== "never") able.push({ app, standing });
      if (standing.takes !== "now" && (standing.takes !== "unknown" || overdue)) dismissed.push(app);
    }
    claims.dismiss(key, dismissed);
    const best = ORDER.map((takes) => able.find(({ standing }) => standing.takes === takes)).find(Boolean);
    if (best) found.set(live.key, best);
  }
  noteUnknown(run, found);
  return found;
}

/** Starts the timer when the first check is awaited, and stops it when none is. */
function noteUnknown(run: AppRun, claimants: Claimants): void {
  const any = [...claimants.values()].some(({ standing }) => standing.takes === "unknown");
  run.memory.checkAwaitedSince = any ? (run.memory.checkAwaitedSince ?? run.services.clock.monotonic()) : undefined;
}

/** Reports whether the time for claimants to check their newest documents is over. */
export function isOverdue(run: AppRun): boolean {
  const since = run.memory.checkAwaitedSince;
  return since !== undefined && run.services.clock.monotonic() - since > MAX_CHECK_MS;
}

/** Returns the claims on an app's objects for the prune guard. */
export function claimFacts(run: AppRun, claimants: Claimants): Required<Pick<PruneRequest, "claimedBy" | "awaitedBy">> {
  const overdue = isOverdue(run);
  return {
    claimedBy: ({ key }) => {
      const claimant = claimants.get(key);
      const takes = claimant?.standing.takes;
      return takes === "now" || (takes === "unknown" && !overdue) ? claimant?.app : undefined;
    },
    awaitedBy: ({ key }) => {
      const claimant = claimants.get(key);
      if (claimant?.standing.takes === "later") return claimant.standing.why;
      return claimant?.standing.takes === "unknown"
        ? `OverseerApp ${claimant.app} claims it but has not checked its newest documents yet`
        : undefined;
    },
  };
}
