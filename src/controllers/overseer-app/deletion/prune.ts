import type { Outcome } from "../../../destinations/destination.js";
import { displayId } from "../../../manifest/object-id.js";
import { compareForPrune } from "../../../manifest/order.js";
import type { LiveObject } from "../../../plan/live.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";
import { PRIORITY } from "../../../reconcile/work-queue.js";
import { auditObjects } from "../audit.js";
import { unreconciledApps } from "../ownership/apps-behind.js";
import { claimKey } from "../ownership/claims.js";
import { standingOf } from "../ownership/standing.js";
import type { AppRun } from "../run.js";
import type { Results } from "../sync/results.js";

/** Maximum time that deletions wait for other apps to process the commit. */
const MAX_HOLD_MS = 30_000;
/** Intervals between checks: short at first, since apps mostly need milliseconds. */
const HOLD_STEPS_MS = { first: 100, later: 1_000 };

/**
 * Returns why deletions and transfers have to wait, if so: an object may have moved to an app that has not read the commit yet,
 * or has not checked its documents.
 */
export function holdDeletions(
  run: AppRun,
  pruneCandidates: readonly PruneDecision[],
  behind: readonly string[],
): string | undefined {
  const { clock } = run.services;
  const now = clock.monotonic();
  const deletes = pruneCandidates.filter((decision) => decision.verb === "Delete");
  const since = run.memory.pruneHeldSince ?? now;
  const held = deletes.length > 0 && behind.length > 0 && now - since <= MAX_HOLD_MS;
  run.memory.pruneHeldSince = held ? since : undefined;
  const awaited = pruneCandidates.flatMap((decision) => (decision.verb === "HandOver" ? [decision] : []));
  if (!held && awaited.length === 0) return undefined;
  run.requeueAfter(now - since < HOLD_STEPS_MS.later ? HOLD_STEPS_MS.first : HOLD_STEPS_MS.later);
  const [first] = awaited;
  if (!held)
    return `transfer of ${first ? displayId(first.live.id) : ""} waits for OverseerApp ${first?.to} to check its documents of the same commit`;
  const what = deletes.length === 1 ? "1 deletion waits" : `${deletes.length} deletions wait`;
  return `${what} up to ${MAX_HOLD_MS / 1000} s for ${nameApps(behind)} to read the same commit: objects may have moved there`;
}

/** Returns why the deletion of an app has to wait, if so: right after a start, the claims of other apps are unknown. */
export function holdFinalize(run: AppRun, objects: readonly LiveObject[]): string | undefined {
  const now = run.services.clock.monotonic();
  const unreconciled = objects.length === 0 ? [] : unreconciledApps(run);
  const since = run.memory.pruneHeldSince ?? now;
  const held = unreconciled.length > 0 && now - since <= MAX_HOLD_MS;
  run.memory.pruneHeldSince = held ? since : undefined;
  if (!held) return undefined;
  run.requeueAfter(HOLD_STEPS_MS.later);
  return `waiting up to ${MAX_HOLD_MS / 1000} s for ${nameApps(unreconciled)} to read Git: some objects may have moved there`;
}

function nameApps(apps: readonly string[]): string {
  const shown = apps.slice(0, 3).map((app) => `OverseerApp ${app}`);
  return `${shown.join(", ")}${apps.length > shown.length ? ` and ${apps.length - shown.length} more` : ""}`;
}

/** Objects that could be neither deleted nor transferred, for a reason that retrying does not fix. */
export interface RefusedRemovals {
  readonly deletions: readonly LiveObject[];
  readonly handOvers: readonly { readonly live: LiveObject; readonly message: string }[];
}

/** Deletes objects removed from Git, last applied first, and transfers those that another app claims. */
export async function prune(
  run: AppRun,
  decisions: readonly PruneDecision[],
  results: Results,
): Promise<RefusedRemovals> {
  const { destination } = run;
  const { observer } = run.services;
  const refused = { deletions: [] as LiveObject[], handOvers: [] as { live: LiveObject; message: string }[] };
  const deleted: string[] = [];
  for (const decision of [...decisions].sort((a, b) => compareForPrune(a.live.id, b.live.id))) {
    if (run.signal.aborted) break;
    if (decision.verb === "Keep") {
      reportKept(run, decision);
    } else if (decision.verb === "HandOver") {
      const outcome = await handOver(run, decision.live, decision.to);
      results.note(decision.live.id, outcome);
      if (!outcome.ok && !outcome.retryable) refused.handOvers.push({ live: decision.live, message: outcome.message });
    } else if (run.services.claims.claimant(claimKey(run, decision.live.key), run.key) !== undefined) {
      results.note(decision.live.id, {
        ok: false,
        message: "not deleted: another app now claims it",
        retryable: true,
      });
    } else {
      const outcome = await destination.remove(run.target, decision.permit);
      observer.applied("delete", outcome.ok ? "success" : "error");
      if (outcome.ok) observer.pruned(1);
      if (outcome.ok) deleted.push(displayId(decision.live.id));
      else if (!outcome.retryable) refused.deletions.push(decision.live);
      results.note(decision.live.id, outcome);
    }
  }
  await auditObjects(run, "prune", deleted);
  return refused;
}

/** Emits an Event about an object that was removed from Git but kept, with the reason. */
export function reportKept(run: AppRun, decision: PruneDecision): void {
  if (decision.verb !== "Keep") return;
  const name = displayId(decision.live.id);
  run.services.observer.pruneRefused(decision.reason);
  run.emitEventOnce(`kept ${name}`, "Normal", "ObjectKept", "Prune", `${name} ${decision.message}`);
}

/** Transfers an object to the app that claims it, if that app can take ownership now. */
async function handOver(run: AppRun, live: LiveObject, to: string): Promise<Outcome> {
  const { takes } = await standingOf(run, to, live);
  if (takes === "now") return transferTo(run, live, to);
  const message = `OverseerApp ${to} claims it but ${takes === "never" ? "is not allowed to write it" : "cannot take ownership yet"}`;
  return { ok: false, message, retryable: true };
}

/** Transfers ownership of an object to another app, and enqueues that app: its Change may wait for the object. */
export async function transferTo(run: AppRun, live: LiveObject, to: string): Promise<Outcome> {
  const { apps, memories, enqueue } = run.services;
  const other = apps.get(to);
  if (!other) return { ok: false, message: `OverseerApp ${to} no longer exists`, retryable: true };
  const { namespace, name, uid } = other.metadata;
  const outcome = await run.destination.handOver(run.target, live, { namespace, name, uid });
  if (!outcome.ok) return outcome;
  run.emitEvent(
    "Normal",
    "HandedOver",
    "Prune",
    `ownership of ${displayId(live.id)} was transferred to OverseerApp ${to}`,
  );
  memories.get(to)?.retryNow();
  enqueue(to, PRIORITY.change);
  return outcome;
}
