import { columnMessage } from "../../../api/column-message.js";
import { mergeConditions } from "../../../api/conditions.js";
import { FINALIZER } from "../../../api/group.js";
import { rfc3339 } from "../../../base/clock.js";
import { cutText } from "../../../base/cut-text.js";
import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import { isStatus } from "../../../kube/errors.js";
import { displayId } from "../../../manifest/object-id.js";
import { applyTier, compareForApply } from "../../../manifest/order.js";
import type { LiveObject } from "../../../plan/live.js";
import { neededByKept } from "../../../plan/needed-by-kept.js";
import { judgeFinalize, type KeepReason, type PruneDecision } from "../../../plan/prune-guard.js";
import { logDeletionWaits } from "../changes/change-log.js";
import { observeApp, prepareKinds } from "../observe.js";
import { claimFacts, judgeClaims } from "../ownership/claimants.js";
import type { AppRun } from "../run.js";
import { hasOwnCredential } from "../source/authorize.js";
import { Results } from "../sync/results.js";
import { removeFinalizer } from "./finalizer.js";
import { holdFinalize, prune } from "./prune.js";
import { describeTerminating } from "./terminating.js";

/** What lets an app go whatever is in the way. */
const WAY_OUT = "set deletionPolicy: Orphan to delete the app without its objects";
/** Parts of messages that others write: the way out must not be cut off behind them. */
const MAX_FAILURES = 500;
const MAX_REFUSAL = 300;
/** How soon to look again at what is in the way of a deletion, if no event tells earlier. */
const RETRY_MS = 5_000;

/**
 * Deals with the objects of an app that is being deleted, last tier first, and lets the app go when they are gone. Needs no
 * source and no render: what is the app's is told by the objects themselves.
 */
export async function finalize(run: AppRun): Promise<void> {
  if (!run.app.metadata.finalizers?.includes(FINALIZER)) return;
  await prepareKinds(run);
  const observation = observeApp(run);
  const objects = [...observation.objects.values()].filter((live) => live.ownership !== "Foreign");
  const { deletionPolicy: policy, suspend } = run.app.spec;
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
  // A namespace is looked into when nothing that lives in one is left to delete; until then it is kept.
  const first = judgeFinalize({ ...facts, namespaceInUse: () => "objects that are still being deleted" });
  const busy = first.decisions.some((decision) => isPending(decision) && applyTier(decision.live.id) > 0);
  const look = !busy && policy === "Delete" && first.refusal === undefined && !suspend;
  const held = look ? await heldNamespaces(run, objects) : undefined;
  const verdict = held ? judgeFinalize({ ...facts, namespaceInUse: (name) => held.get(name) }) : first;
  const { decisions, refusal, approval: ask } = verdict;
  if (refusal !== undefined) return wait(run, `${refusal} (${observation.incomplete ?? ""})`);
  if (ask !== undefined) return wait(run, `${ask}; ${WAY_OUT}`);
  const { results, stuck } = await removeLastTier(run, decisions);
  const left = stillPending(run, decisions);
  if (left.length > 0 && !(stuck && (await writerIsGone(run))))
    return wait(run, await describeLeft(run, left, results));
  reportAbandoned(run, left);
  reportKept(run, decisions);
  await releaseKept(run, decisions);
  await removeFinalizer(run);
}

/** What has to be gone, or another app's, before the app may go: not what another app cannot be given, for that stays. */
function stillPending(run: AppRun, decisions: readonly PruneDecision[]): PruneDecision[] {
  return decisions.filter((decision) => isPending(decision) && !run.memory.notHandedOver.has(decision.live.uid));
}

/** What each of the app's namespaces holds that is not the app's, by its name. */
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
 * Deletes what is in the highest tier that still has something; the next tier waits until that is gone. `stuck`: every deletion
 * of the tier was refused, and nothing of it is on its way out.
 */
async function removeLastTier(
  run: AppRun,
  decisions: readonly PruneDecision[],
): Promise<{ readonly results: Results; readonly stuck: boolean }> {
  const results = new Results(run);
  const pending = stillPending(run, decisions);
  const last = Math.max(...pending.map((decision) => applyTier(decision.live.id)));
  const tier = pending.filter((decision) => applyTier(decision.live.id) === last);
  const refused = await prune(
    run,
    tier.filter((decision) => decision.verb !== "Keep"),
    results,
  );
  for (const { live, message } of refused.handOvers) run.memory.notHandedOver.set(live.uid, message);
  // The tier below need not wait for what stays.
  if (refused.handOvers.length > 0) run.requeueAfter(0);
  return { results, stuck: refused.deletions.length > 0 && refused.deletions.length === tier.length };
}

/** Whether the ServiceAccount that the app writes as does not exist any more: what it may not do, nobody will do for the app. */
async function writerIsGone(run: AppRun): Promise<boolean> {
  const { serviceAccountName } = run.target;
  // In a remote cluster a right is given to a name, whether or not there is a ServiceAccount of it.
  if (serviceAccountName === undefined || hasOwnCredential(run.app)) return false;
  const namespace = encodeURIComponent(run.ref.namespace);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${encodeURIComponent(serviceAccountName)}`;
  try {
    await run.services.client.request({ method: "GET", path, accept: PARTIAL_OBJECT });
    return false;
  } catch (error) {
    if (isStatus(error, 404)) return true;
    // Without the right to look it may be there.
    if (isStatus(error, 403)) return false;
    throw error;
  }
}

/** Whether an object has to be gone, or another app's, before the app may go. */
function isPending(decision: PruneDecision): boolean {
  return decision.verb !== "Keep" || decision.reason === "AlreadyDeleting";
}

/** What the deletion waits for: what was refused first, then what is on its way and what keeps it. */
async function describeLeft(run: AppRun, left: readonly PruneDecision[], results: Results): Promise<string> {
  const names = left.slice(0, 3).map((decision) => displayId(decision.live.id));
  const more = left.length > 3 ? ` and ${left.length - 3} more` : "";
  const failures = results.failed ? [cutText(results.summary(), MAX_FAILURES)] : [];
  const terminating = left.map(({ live }) => live).filter(({ deletion }) => deletion !== undefined);
  const kept = await describeTerminating(run, terminating);
  // The only object that is left need not be named twice.
  const holders = kept.map(({ object, holders: why }) => (left.length === 1 ? why : `${object}: ${why}`));
  const why = [...failures, ...holders].join("; ");
  return `waiting for deletion of ${names.join(", ")}${more}${why === "" ? "" : `: ${why}`}; ${WAY_OUT}`;
}

/** Says which objects stay because the app's ServiceAccount went before the app. */
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

/** Why an object is kept that keeps nothing of its app but the name: not where a person has asked to leave all as it is. */
const RELEASED: ReadonlySet<KeepReason> = new Set([
  "DeletionPolicy",
  "NamespaceInUse",
  "NeededByKept",
  "ProtectedObject",
]);

/**
 * Takes the marks of the app off what stays, what others need first: should this process end in between, the next one must not
 * take for unneeded what an object needs that it does not see any more. Whatever refuses it, the app is let go.
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

async function wait(run: AppRun, message: string): Promise<void> {
  const { apps, status, clock, observer } = run.services;
  const current = apps.get(run.key) ?? run.app;
  const { generation } = run.app.metadata;
  const conditions = mergeConditions(
    current.status?.conditions ?? [],
    [
      { type: "Ready", status: "False", reason: "Deleting", message },
      { type: "Reconciling", status: "True", reason: "Deleting", message },
    ],
    generation,
    rfc3339(clock.now()),
  );
  const next = {
    ...run.status,
    observedGeneration: generation,
    conditions,
    message: columnMessage(conditions, undefined),
  };
  const written = await status.write(apps.resource, current, next);
  if (written) apps.note(written);
  observer.state(run.app, next);
  logDeletionWaits(run, message);
  run.requeueAfter(RETRY_MS);
}
