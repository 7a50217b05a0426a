import { displayId } from "../../manifest/object-id.js";
import { compareForPrune } from "../../manifest/order.js";
import type { LiveObject } from "../../plan/live.js";
import type { Plan } from "../../plan/plan.js";
import type { LeftoverDecision } from "../../plan/prune-guard.js";
import { PRIORITY } from "../../reconcile/work-queue.js";
import { claimKey } from "./claims.js";
import { mayTake } from "./entitled.js";
import type { Results } from "./results.js";
import type { AppRun } from "./run.js";

/** Deletions wait at most this long for other apps to take note of the commit. */
const MAX_HOLD_MS = 30_000;
const HOLD_STEP_MS = 100;

/** An object may have moved to an app that has not taken note of the commit yet: then nothing is deleted for a moment. */
export function holdDeletions(run: AppRun, plan: Plan, unsettled: string | undefined): boolean {
  const { clock } = run.services;
  if (!plan.leftovers.some((decision) => decision.verb === "Delete")) return false;
  const since = run.memory.pruneHeldSince ?? clock.monotonic();
  if (unsettled === undefined || clock.monotonic() - since > MAX_HOLD_MS) {
    run.memory.pruneHeldSince = undefined;
    return false;
  }
  run.memory.pruneHeldSince = since;
  run.progress = { state: "pending", message: `deletions wait until ${unsettled} has taken note of the same commit` };
  run.comeBack(HOLD_STEP_MS);
  return true;
}

/**
 * Deletes what left Git, last applied first; hands over what another app wants. Gives the objects whose deletion was refused for
 * a reason that does not pass by itself.
 */
export async function prune(
  run: AppRun,
  decisions: readonly LeftoverDecision[],
  results: Results,
): Promise<readonly LiveObject[]> {
  const { destination } = run;
  const { observer } = run.services;
  const refused: LiveObject[] = [];
  for (const decision of [...decisions].sort((a, b) => compareForPrune(a.live.id, b.live.id))) {
    if (run.signal.aborted) break;
    if (decision.verb === "Keep") {
      tellKept(run, decision);
    } else if (decision.verb === "HandOver") {
      await handOver(run, decision.live, decision.to, results);
    } else if (run.services.claims.claimant(claimKey(run, decision.live.key), run.key) !== undefined) {
      results.note(decision.live.id, {
        ok: false,
        message: "another app wants it since a moment ago",
        retryable: true,
      });
    } else {
      const outcome = await destination.remove(run.target, decision.permit);
      observer.applied("delete", outcome.ok ? "success" : "error");
      if (outcome.ok) observer.pruned(1);
      else if (!outcome.retryable) refused.push(decision.live);
      results.note(decision.live.id, outcome);
    }
  }
  return refused;
}

/** Says that an object left Git and stays, and why. */
export function tellKept(run: AppRun, decision: LeftoverDecision): void {
  if (decision.verb !== "Keep") return;
  const name = displayId(decision.live.id);
  run.services.observer.pruneRefused(decision.reason);
  run.tellOnce(`kept ${name}`, "Normal", "ObjectKept", "Prune", `${name} ${decision.message}`);
}

/** Makes an object the other app's, and lets that app know at once: it may have been refused the object before. */
export async function handOver(
  run: AppRun,
  live: LeftoverDecision["live"],
  to: string,
  results: Results,
): Promise<void> {
  const { destination } = run;
  const { apps, memories, enqueue } = run.services;
  const other = apps.get(to);
  if (!other) return;
  // It may have claimed the object after the claims were judged: then the next reconcile decides.
  if (!(await mayTake(run, to, live))) {
    return results.note(live.id, {
      ok: false,
      message: `OverseerApp ${to} wants it but may not write it`,
      retryable: true,
    });
  }
  const { namespace, name, uid } = other.metadata;
  results.note(live.id, await destination.handOver(run.target, live, { namespace, name, uid }));
  const memory = memories.get(to);
  if (memory) memory.retry = undefined;
  enqueue(to, PRIORITY.change);
}
