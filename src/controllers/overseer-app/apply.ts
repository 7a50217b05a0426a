import type { Change } from "../../api/change.js";
import { rfc3339 } from "../../base/clock.js";
import { mapLimit } from "../../base/semaphore.js";
import type { Outcome } from "../../destinations/destination.js";
import { displayId } from "../../manifest/object-id.js";
import { applyTier, compareForPrune } from "../../manifest/order.js";
import type { PreviewedWrite, WriteAction } from "../../plan/actions.js";
import type { Plan } from "../../plan/plan.js";
import type { LeftoverDecision } from "../../plan/prune-guard.js";
import { PRIORITY } from "../../reconcile/work-queue.js";
import { failed } from "./bring.js";
import { recordChange } from "./change-record.js";
import type { AppRun, Rendered } from "./run.js";
import { unsettledApps } from "./settled.js";

/** Writes of one app on their way at once. */
const PARALLEL = 8;
/** Deletions wait at most this long for other apps to take note of the commit. */
const MAX_HOLD_MS = 30_000;
const HOLD_STEP_MS = 100;

interface Failure {
  readonly object: string;
  readonly message: string;
  readonly retryAfterMs: number;
}

/** Carries a plan out: writes tier by tier, then what waited for a namespace or kind, then deletions. */
export async function applyPlan(run: AppRun, desired: Rendered, plan: Plan, change: Change): Promise<void> {
  const failures = await writeTiers(run, plan.writes);
  run.services.failpoint("app:after-apply");
  const rest = failures.length === 0 ? await writeDeferred(run, desired, plan.deferred, failures) : plan.deferred;
  if (failures.length > 0) return applyFailed(run, desired, change, failures);
  if (rest.length > 0) {
    run.progress = {
      state: "pending",
      message: `${rest.length} objects wait for their kind to be served`,
      requeueAfterMs: 1_000,
    };
    return run.comeBack(1_000);
  }
  if (holdDeletions(run, plan)) return;
  failures.push(...(await prune(run, plan.leftovers)));
  run.services.failpoint("app:after-prune");
  if (failures.length > 0) return applyFailed(run, desired, change, failures);
  run.memory.retry = undefined;
  run.memory.lastTold.delete("sync");
  run.problem = undefined;
  run.progress = { state: "done" };
  await recordChange(run, change, {
    phase: "Verifying",
    appliedTime: change.status?.appliedTime ?? rfc3339(run.services.clock.now()),
  });
}

async function writeTiers(run: AppRun, writes: readonly PreviewedWrite[]): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const tier of [0, 1, 2, 3]) {
    const now = writes.filter((write) => applyTier(write.action.document.id) === tier);
    await mapLimit(now, PARALLEL, async (write) => {
      const { document } = write.action;
      const outcome = await run.services.destination.write(run.target, write);
      run.services.failpoint("app:after-first-write");
      run.services.observer.applied(write.verb === "Update" ? "update" : "create", outcome.ok ? "success" : "error");
      note(run, displayId(document.id), outcome, failures);
    });
    if (failures.length > 0) break;
  }
  return failures;
}

/** Looks at what waited for a namespace or kind now that they were made, and writes what is possible. Gives what still waits. */
async function writeDeferred(
  run: AppRun,
  desired: Rendered,
  deferred: readonly WriteAction[],
  failures: Failure[],
): Promise<readonly WriteAction[]> {
  if (deferred.length === 0) return [];
  await run.services.destination.prepare(desired.kinds);
  const preview = await run.services.destination.preview(run.target, deferred, desired.documents);
  run.services.failpoint("app:after-dry-run");
  for (const { action, message } of preview.refused)
    failures.push({ object: displayId(action.document.id), message, retryAfterMs: 0 });
  if (failures.length === 0) failures.push(...(await writeTiers(run, preview.accepted)));
  return preview.deferred;
}

/** An object may have moved to an app that has not taken note of the commit yet: then nothing is deleted for a moment. */
function holdDeletions(run: AppRun, plan: Plan): boolean {
  const { clock } = run.services;
  if (!plan.leftovers.some((decision) => decision.verb === "Delete")) return false;
  const others = unsettledApps(run);
  const since = run.memory.pruneHeldSince ?? clock.monotonic();
  if (others.length === 0 || clock.monotonic() - since > MAX_HOLD_MS) {
    run.memory.pruneHeldSince = undefined;
    return false;
  }
  run.memory.pruneHeldSince = since;
  run.progress = { state: "pending", message: `deletions wait until ${others[0]} has taken note of the same commit` };
  run.comeBack(HOLD_STEP_MS);
  return true;
}

/** Deletes what left Git, last applied first; hands over what another app wants. */
async function prune(run: AppRun, decisions: readonly LeftoverDecision[]): Promise<Failure[]> {
  const failures: Failure[] = [];
  const { destination, observer, apps, memories, enqueue } = run.services;
  for (const decision of [...decisions].sort((a, b) => compareForPrune(a.live.id, b.live.id))) {
    const name = displayId(decision.live.id);
    if (decision.verb === "Keep") {
      observer.pruneRefused(decision.reason);
      run.tellOnce(`kept ${name}`, "Normal", "ObjectKept", "Prune", `${name} ${decision.message}`);
    } else if (decision.verb === "HandOver") {
      const other = apps.get(decision.to);
      if (!other) continue;
      const { namespace, name: to, uid } = other.metadata;
      note(run, name, await destination.handOver(run.target, decision.live, { namespace, name: to, uid }), failures);
      const memory = memories.get(decision.to);
      if (memory) memory.retry = undefined;
      enqueue(decision.to, PRIORITY.change);
    } else {
      const outcome = await destination.remove(run.target, decision.permit);
      observer.applied("delete", outcome.ok ? "success" : "error");
      if (outcome.ok) observer.pruned(1);
      note(run, name, outcome, failures);
    }
  }
  return failures;
}

function note(run: AppRun, object: string, outcome: Outcome, failures: Failure[]): void {
  if (!outcome.ok) failures.push({ object, message: outcome.message, retryAfterMs: outcome.retryAfterMs ?? 0 });
  else
    for (const text of outcome.notes) run.tellOnce(`note ${object} ${text}`, "Warning", "ApplyWarning", "Apply", text);
}

async function applyFailed(
  run: AppRun,
  desired: Rendered,
  change: Change,
  failures: readonly Failure[],
): Promise<void> {
  const shown = failures.slice(0, 3).map(({ object, message }) => `${object}: ${message}`);
  const message = `${shown.join("; ")}${failures.length > 3 ? `; and ${failures.length - 3} more` : ""}`;
  await failed(
    run,
    desired,
    "ApplyFailed",
    `${desired.inputs.revision}: ${message}`,
    Math.max(...failures.map((failure) => failure.retryAfterMs)),
  );
  await recordChange(run, change, { phase: "Applying", message });
}
