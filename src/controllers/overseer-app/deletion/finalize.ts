import { FINALIZER } from "../../../api/group.js";
import { isSuspended } from "../../../api/suspension.js";
import { cutText } from "../../../base/cut-text.js";
import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import { isStatus } from "../../../kube/errors.js";
import { displayId } from "../../../manifest/object-id.js";
import { applyTier, compareForApply, pruneTier } from "../../../manifest/order.js";
import type { LiveObject } from "../../../plan/live.js";
import { neededByKept } from "../../../plan/needed-by-kept.js";
import { judgeFinalize, type KeepReason, type PruneDecision } from "../../../plan/prune-guard.js";
import { logDeletionWaits } from "../changes/change-log.js";
import { observeApp, prepareKinds } from "../observe.js";
import { claimFacts, judgeClaims } from "../ownership/claimants.js";
import type { AppRun } from "../run.js";
import { hasOwnCredential } from "../source/authorize.js";
import { fieldsOf, type StatusOutcome } from "../status/write-status.js";
import { Results } from "../sync/results.js";
import { awaitDeletionGates, endDeletion, type HeldDeletion } from "./await-gates.js";
import { isDue, isPostDeleteHook, runDeletionHooks } from "./deletion-hooks.js";
import { removeFinalizer } from "./finalizer.js";
import { holdFinalize, prune } from "./prune.js";
import { deletionWave } from "./prune-waves.js";
import { describeTerminating } from "./terminating.js";

/** The remedy when the deletion of an app is blocked. */
const ORPHAN_REMEDY = "set deletionPolicy: Orphan to delete the app without its objects";
/** Maximum lengths of foreign messages, so that the remedy behind them is not cut off. */
const MAX_FAILURES = 500;
const MAX_REFUSAL = 300;
/** Distance between the deletion tiers of two waves: more than there are tiers. */
const TIERS = 10;
/** Delay until a blocked deletion is checked again without an event. */
const RETRY_MS = 5_000;

/**
 * Deletes or releases the objects of an app that is being deleted, last tier first, then removes the finalizer. Needs neither
 * source nor render: ownership is recorded on the objects. Returns what the deletion waits for; undefined when it is complete.
 */
export async function finalize(run: AppRun): Promise<StatusOutcome | undefined> {
  if (!run.app.metadata.finalizers?.includes(FINALIZER)) return undefined;
  await prepareKinds(run);
  const observation = observeApp(run);
  const all = [...observation.objects.values(), ...(observation.hooks?.values() ?? [])];
  const later = isDue(run, "PostDelete");
  const own = all.filter((live) => live.ownership !== "Foreign");
  const objects = own.filter((live) => !later || !isPostDeleteHook(run, live));
  const { deletionPolicy: policy } = run.app.spec;
  const suspend = isSuspended(run.app.spec, run.services.clock.now());
  const hold = policy === "Orphan" || suspend ? undefined : holdFinalize(run, objects);
  if (hold !== undefined) return wait(run, hold);
  const claimants = await judgeClaims(run, objects);
  const facts = {
    objects,
    observationComplete: observation.complete,
    policy,
    suspended: suspend,
    claimedBy: claimFacts(run, claimants).claimedBy,
  };
  // Namespaces are inspected once no namespaced object is left to delete; until then they are kept.
  const first = judgeFinalize({ ...facts, namespaceInUse: () => "objects that are still being deleted" });
  const busy = first.decisions.some((decision) => isPending(decision) && applyTier(decision.live.id) > 0);
  const inspect = !busy && policy === "Delete" && first.refusal === undefined && !suspend;
  const held = inspect ? await heldNamespaces(run, objects) : undefined;
  const verdict = held ? judgeFinalize({ ...facts, namespaceInUse: (name) => held.get(name) }) : first;
  const { decisions, refusal, approval } = verdict;
  if (refusal !== undefined) return wait(run, `${refusal} (${observation.incomplete ?? ""})`);
  if (approval !== undefined) return wait(run, `${approval}; ${ORPHAN_REMEDY}`);
  // Shown are all objects that may be deleted: whether a namespace is empty is only known at the end.
  const shown = judgeFinalize({ ...facts, namespaceInUse: () => undefined }).decisions;
  const gated = policy === "Orphan" || suspend ? undefined : await awaitDeletionGates(run, shown);
  if (gated !== undefined) return waitForGates(run, gated);
  const before = await runDeletionHooks(run, "PreDelete");
  if (before !== undefined) return wait(run, before);
  const { results, stuck } = await removeLastTier(run, decisions);
  const left = stillPending(run, decisions);
  if (left.length > 0 && !(stuck && (await isWriterMissing(run))))
    return wait(run, await describeLeft(run, left, results));
  const after = await runDeletionHooks(run, "PostDelete");
  if (after !== undefined) return wait(run, after);
  if (objects.length < own.length) {
    run.requeueAfter(0);
    return wait(run, "deleting the objects of its PostDelete hooks");
  }
  reportAbandoned(run, left);
  reportKept(run, decisions);
  await releaseKept(run, decisions);
  await endDeletion(run);
  await removeFinalizer(run);
  return undefined;
}

/** Returns the objects that still block the finalizer. Objects whose transfer to another app failed are kept, and do not. */
function stillPending(run: AppRun, decisions: readonly PruneDecision[]): PruneDecision[] {
  return decisions.filter((decision) => isPending(decision) && !run.memory.notHandedOver.has(decision.live.uid));
}

/** Returns foreign content of the app's namespaces, by namespace. */
async function heldNamespaces(run: AppRun, objects: readonly LiveObject[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { id } of objects) {
    if (id.group !== "" || id.kind !== "Namespace") continue;
    const held = await run.destination.namespaceHolds(run.ref, id.name);
    if (held !== undefined) found.set(id.name, held);
  }
  return found;
}

/**
 * Deletes the objects of the highest remaining tier of the last remaining wave; the next tier waits until they are gone. `stuck` means that every deletion
 * of the tier was refused and none is in progress.
 */
async function removeLastTier(
  run: AppRun,
  decisions: readonly PruneDecision[],
): Promise<{ readonly results: Results; readonly stuck: boolean }> {
  const results = new Results(run);
  const pending = stillPending(run, decisions);
  const waveOf = deletionWave(pending);
  const tierOf = (decision: PruneDecision): number => waveOf(decision) * TIERS + pruneTier(decision.live.id);
  const last = Math.max(...pending.map(tierOf));
  const tier = pending.filter((decision) => tierOf(decision) === last);
  const refused = await prune(
    run,
    tier.filter((decision) => decision.verb !== "Keep"),
    results,
  );
  for (const { live, message } of refused.handOvers) run.memory.notHandedOver.set(live.uid, message);
  // The next tier need not wait for objects that are kept.
  if (refused.handOvers.length > 0) run.requeueAfter(0);
  return { results, stuck: refused.deletions.length > 0 && refused.deletions.length === tier.length };
}

/** Reports whether the app's ServiceAccount no longer exists: nothing else may delete objects for the app. */
async function isWriterMissing(run: AppRun): Promise<boolean> {
  const { serviceAccountName } = run.target;
  // In a remote cluster, permissions are granted to a name, whether or not that ServiceAccount exists.
  if (serviceAccountName === undefined || hasOwnCredential(run.app)) return false;
  const namespace = encodeURIComponent(run.ref.namespace);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${encodeURIComponent(serviceAccountName)}`;
  try {
    await run.services.client.request({ method: "GET", path, accept: PARTIAL_OBJECT });
    return false;
  } catch (error) {
    if (isStatus(error, 404)) return true;
    // Without permission to read it, it may exist.
    if (isStatus(error, 403)) return false;
    throw error;
  }
}

/** Reports whether an object has to be deleted or transferred before the finalizer may be removed. */
function isPending(decision: PruneDecision): boolean {
  return decision.verb !== "Keep" || decision.reason === "AlreadyDeleting";
}

/** Describes what the deletion waits for: refused deletions first, then deletions in progress and what blocks them. */
async function describeLeft(run: AppRun, left: readonly PruneDecision[], results: Results): Promise<string> {
  const names = left.slice(0, 3).map((decision) => displayId(decision.live.id));
  const more = left.length > 3 ? ` and ${left.length - 3} more` : "";
  const failures = results.failed ? [cutText(results.summary(), MAX_FAILURES)] : [];
  const terminating = left.map(({ live }) => live).filter(({ deletion }) => deletion !== undefined);
  const kept = await describeTerminating(run, terminating);
  // A single object is named only once.
  const holders = kept.map(({ object, holders: why }) => (left.length === 1 ? why : `${object}: ${why}`));
  const why = [...failures, ...holders].join("; ");
  return `waiting for deletion of ${names.join(", ")}${more}${why === "" ? "" : `: ${why}`}; ${ORPHAN_REMEDY}`;
}

/** Emits an Event about objects that stay because the app's ServiceAccount was deleted before the app. */
function reportAbandoned(run: AppRun, left: readonly PruneDecision[]): void {
  if (left.length === 0) return;
  const names = left.slice(0, 10).map((decision) => displayId(decision.live.id));
  const more = left.length > 10 ? ` and ${left.length - 10} more` : "";
  const account = `${run.ref.namespace}/${run.target.serviceAccountName}`;
  run.emitEvent(
    "Warning",
    "ObjectsKept",
    "Delete",
    `${names.join(", ")}${more} were not deleted: the app's ServiceAccount ${account} no longer exists, and only it was allowed to delete them; delete them manually, or re-create the app and its ServiceAccount`,
  );
}

function reportKept(run: AppRun, decisions: readonly PruneDecision[]): void {
  const kept = decisions.flatMap((decision) => {
    const why = whyKept(run, decision);
    return why === undefined ? [] : [`${displayId(decision.live.id)} ${why}`];
  });
  if (kept.length === 0) return;
  const more = kept.length > 5 ? `; and ${kept.length - 5} more` : "";
  run.emitEvent("Normal", "ObjectsKept", "Delete", `${kept.slice(0, 5).join("; ")}${more}`);
}

function whyKept(run: AppRun, decision: PruneDecision): string | undefined {
  if (decision.verb === "Keep") return decision.message;
  const refusal = run.memory.notHandedOver.get(decision.live.uid);
  if (decision.verb !== "HandOver" || refusal === undefined) return undefined;
  return `was kept: transfer of ownership to OverseerApp ${decision.to} failed: ${cutText(refusal, MAX_REFUSAL)}`;
}

/** Reasons for which a kept object loses its ownership labels; not where a user asked to leave everything unchanged. */
const RELEASED: ReadonlySet<KeepReason> = new Set([
  "DeletionPolicy",
  "NamespaceInUse",
  "NeededByKept",
  "ProtectedObject",
]);

/**
 * Removes the ownership metadata from kept objects, dependencies first: after a crash in between, the next process must not
 * delete a dependency of an object that it no longer sees. Failures do not block the deletion of the app.
 */
async function releaseKept(run: AppRun, decisions: readonly PruneDecision[]): Promise<void> {
  const kept = decisions
    .filter((decision) => decision.verb === "Keep" && RELEASED.has(decision.reason) && !decision.live.deleting)
    .map(({ live }) => live)
    .sort((a, b) => compareForApply(a.id, b.id));
  const failed: LiveObject[] = [];
  for (const live of kept) {
    const others = { staying: [live.id], kept: [live.id] };
    if (failed.some((needed) => neededByKept(needed.id, others) !== undefined)) continue;
    const outcome = await run.destination.release(run.target, live);
    if (outcome.ok) continue;
    failed.push(live);
    run.logger.info("ownership labels could not be removed from a kept object", {
      object: displayId(live.id),
      error: outcome.message,
    });
  }
}

/** Returns the outcome of a deletion that waits for its gates: it continues by their events. */
function waitForGates(run: AppRun, { reason, message }: HeldDeletion): StatusOutcome {
  logDeletionWaits(run, message);
  const text = `${message}; ${ORPHAN_REMEDY}`;
  return {
    fields: fieldsOf(run.status),
    conditions: [
      { type: "Ready", status: "False", reason: "Deleting", message: text },
      { type: "Reconciling", status: "True", reason: "Deleting", message: text },
      { type: "Waiting", status: "True", reason, message: text },
    ],
  };
}

/** Returns the outcome of a deletion that waits, and requeues the app. */
function wait(run: AppRun, message: string): StatusOutcome {
  logDeletionWaits(run, message);
  run.requeueAfter(RETRY_MS);
  return {
    fields: fieldsOf(run.status),
    conditions: [
      { type: "Ready", status: "False", reason: "Deleting", message },
      { type: "Reconciling", status: "True", reason: "Deleting", message },
    ],
  };
}
