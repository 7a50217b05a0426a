import type { Change, ChangeCause, ChangeStatus, GateState } from "../../../api/change.js";
import { hasSameSource } from "../../../api/inputs.js";
import { canonicalJson } from "../../../base/hash.js";
import { closedGates } from "../../../gates/judge.js";
import type { RefusedWrite } from "../../../plan/actions.js";
import { difference } from "../../../plan/difference.js";
import { hooksDiffer } from "../../../plan/hooks.js";
import type { LiveObject } from "../../../plan/live.js";
import { isEmptyPlan, type Plan } from "../../../plan/plan.js";
import type { PruneVerdict } from "../../../plan/prune-guard.js";
import { PRIORITY } from "../../../reconcile/work-queue.js";
import {
  ensureChange,
  flushChange,
  openChangeFor,
  recordChange,
  replaceChange,
  stageChange,
} from "../changes/change-record.js";
import { describeUnapproved, unapprovedLosses } from "../changes/planned-actions.js";
import { reportKept } from "../deletion/prune.js";
import { summarizeTerminating } from "../deletion/terminating.js";
import { isGoverned, judgeChange, statesOf, waitAtGates } from "../gates/judge-change.js";
import { placedObjects } from "../gates/placed-objects.js";
import { failedGates, reject, rejectionOf } from "../gates/rejection.js";
import { runPhase } from "../hooks/sync-phases.js";
import { observeApp } from "../observe.js";
import { DONE, type SyncResult } from "../outcome.js";
import { claimKey } from "../ownership/claims.js";
import { awaitsHandOver } from "../ownership/standing.js";
import { transferEarly, transferObjects } from "../ownership/transfer-objects.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { valuesObjectsOf } from "../source/external-values.js";
import { recordChecking } from "../status/record-checking.js";
import { areRecorded, recordKinds } from "../status/record-kinds.js";
import { applyPlan, waitFor } from "./apply-plan.js";
import { stillAwaitsWave } from "./await-wave.js";
import { beginJudgement, stillAwaits } from "./awaited-writes.js";
import { createNamespaceForHooks } from "./create-namespace.js";
import { withoutFinished } from "./finished-jobs.js";
import { planDifference } from "./plan-difference.js";
import { keepWholePlan, planStatus } from "./plan-status.js";
import { describeRefusals } from "./refusals.js";
import { rememberPreview } from "./remembered-preview.js";
import { backOffAfterFailure, backoffOf } from "./retry.js";
import { continueFailing, lastStopped, stoppedResult } from "./stopped-change.js";

/** Delay until another Change asks for what a Change may not do. */
const AFTER_END_MS = 250;
/** Plans with more writes are recorded before they are applied. */
const SHORT_PLAN = 100;

/**
 * Syncs the app to new inputs: plan, preview every write, evaluate gates, apply, prune. Nothing is changed before the first
 * write; after it, the next reconcile continues where this one ended.
 */
export async function syncToInputs(run: AppRun, desired: Rendered): Promise<SyncResult> {
  const open = openChangeFor(run, desired.inputs);
  const transferred = await transferEarly(run, desired, open);
  const isRequested = open?.spec.requester !== undefined;
  const rejected = isRequested ? undefined : rejectionOf(run, desired);
  if (rejected) return rejected;
  const observation = observeApp(run);
  const { destination } = run;
  const documents = withoutFinished(run, desired.documents, observation);
  const diff = difference(documents, observation, (document) => destination.recordedHash(document));
  const stoppedBefore = isRequested ? undefined : stoppedResult(run, desired, diff.writes);
  const unchanged = stoppedBefore ?? backoffOf(run, desired);
  if (unchanged) return unchanged;
  // A started Change continues with all possible writes: one of them may lift a refusal.
  const started = run.status.applied?.key === desired.inputs.key;
  const awaited = started && open?.status?.phase === "Applying" ? stillAwaits(run, desired, diff.writes) : undefined;
  if (open && awaited !== undefined) return waitFor(run, open, awaited);
  const failing = open && (await continueFailing(run, desired, open));
  if (failing) return failing;
  const early =
    !started && open?.status?.phase === "Applying" && open.spec.inputs?.key === desired.inputs.key
      ? await runPhase(run, desired, open, "PreSync")
      : undefined;
  if (early?.result) return early.result;
  const later =
    started && open?.status?.phase === "Applying" ? await stillAwaitsWave(run, desired, open, diff.writes) : undefined;
  if (later) return later;
  await recordChecking(run, diff.writes.length, desired.inputs.revision);
  beginJudgement(run, desired);
  const maySkip = !started && open?.status?.phase === "Waiting";
  const judged = await planDifference(run, desired, observation, diff, transferred, maySkip);
  const { plan, preview, verdict } = judged;
  recordPreview(run, desired, preview.refused);
  run.services.failpoint("app:after-plan");
  const unapproved = open && started ? unapprovedLosses(open, plan) : [];
  if (open && unapproved.length > 0) {
    const message = describeUnapproved(unapproved);
    await replaceChange(run, open, desired.inputs, open.spec.cause, message);
    run.memory.transferred = undefined;
    run.requeueAfter(AFTER_END_MS);
    return { progress: { state: "pending", message: `Change ${open.metadata.name}: ${message}` } };
  }
  const stopped = verdict.refusal !== undefined && (!started || diff.writes.length === 0);
  if (stopped) {
    // Its gates are not judged: they would accept the budgets that it has now.
    if (!isGoverned(run) && run.app.spec.sync.mode !== "Manual") await transferObjects(run, desired, open);
    return refused(run, desired, plan, verdict);
  }
  const continuesLast = open === undefined || (open.spec.cause === "Retry" && open.status?.hooks === undefined);
  const last = continuesLast ? lastStopped(run, desired.inputs, open) : undefined;
  // What a paused object will be written with later passes the gates now.
  const holdsBack = !started && (plan.paused ?? []).length > 0;
  const isEmpty =
    isEmptyPlan(plan) && !holdsBack && !haveHooksChanged(run, desired) && last?.status?.stopped?.hook === undefined;
  // Only an upgrade lies between the documents of a Change that is being verified and these.
  const isVerified = !started && open?.status?.phase === "Verifying";
  if (isEmpty && (!open || isVerified || diff.terminating.length > 0))
    return recordUnchanged(run, desired, plan, diff.terminating);
  const cause = open?.spec.cause ?? causeOf(run, desired);
  const described = once(() => planStatus(run, plan, "Whole"));
  const { results, approvals } = await judgeChange(run, {
    ...{ desired, open, cause, inputsRecorded: started, plan: described },
    ...{ deletionsNeedingApproval: verdict.approval, missing: preview.missing },
    placed: placedObjects(run, plan),
  });
  const closed = closedGates(results);
  if (closed.length === 0 && judged.isRemembered) {
    run.memory.preview = undefined;
    return syncToInputs(run, desired);
  }
  const isRefused = preview.refused.length > 0 && !started;
  const mayBeLifted = closed.length > 0 && preview.refused.every((one) => awaitsHandOver(run, one));
  if (isRefused && !mayBeLifted && !closed.some(({ gate }) => gate.mayLiftRefusals)) {
    if (closed.length === 0) await transferObjects(run, desired, open);
    return refused(run, desired, plan, verdict);
  }
  const change = await ensureChange(run, desired.inputs, cause);
  const decided = approvals.length === 0 ? {} : { approvals: [...approvals] };
  if (failedGates(results).length > 0) return reject(run, change, results, { ...described(), ...decided });
  if (closed.length > 0) {
    const refusals = isRefused ? await refusalsOf(run, plan) : {};
    keepWholePlan(run, change, plan, described());
    rememberPreview(run, judged.digest, preview);
    if (closed.every(({ gate }) => gate.waitsForApps)) await transferObjects(run, desired, change);
    return waitAtGates(run, change, results, { ...described(), ...decided, ...refusals });
  }
  // Hooks that had succeeded before the last Change stopped are not run again.
  const succeeded = last?.status?.hooks?.filter(({ state }) => state === "Succeeded") ?? [];
  if (succeeded.length > 0) stageChange(run, change, { phase: "Applying", hooks: succeeded });
  run.signal.throwIfAborted();
  let current = await startApplying(run, change, plan, { gates: statesOf(results), ...decided });
  if (!started) {
    const failed = await createNamespaceForHooks(run, desired, plan, current);
    if (failed) return failed;
    const before = await runPhase(run, desired, current, "PreSync");
    if (before.result) return before.result;
    current = before.change;
  }
  if (!started || !areRecorded(run)) await recordKinds(run, desired, current);
  const moved = new Set((await transferObjects(run, desired, current)).map(({ live }) => live.key));
  return applyPlan(run, desired, plan, current, {
    transferred: moved,
    behind: judged.behind,
    refusal: verdict.refusal,
  });
}

/**
 * Records that a Change is being applied. A long plan is written immediately, a short one when it is complete. A Change applied
 * in several steps keeps its first plan.
 */
async function startApplying(
  run: AppRun,
  change: Change,
  plan: Plan,
  { gates, ...decided }: Pick<ChangeStatus, "approvals"> & { readonly gates: GateState[] },
): Promise<Change> {
  const continues = change.status?.phase === "Applying" && change.status.plan !== undefined;
  const retried = !continues || change.status?.message !== undefined;
  const attempts = (change.status?.attempts ?? 0) + (retried ? 1 : 0);
  const opened: { gates?: GateState[] } = change.status?.gates === undefined ? {} : { gates };
  // What an upgrade makes of the same source is applied anew.
  const again = change.status?.phase === "Verifying" && !isEmptyPlan(plan);
  if (again) run.memory.moments = undefined;
  stageChange(run, change, {
    ...(again ? { appliedTime: undefined, hooks: undefined, wave: undefined } : {}),
    // Later steps are compared with what users have approved.
    ...(continues ? {} : planStatus(run, plan, decided.approvals === undefined ? "Brief" : "Whole")),
    ...opened,
    ...decided,
    phase: "Applying",
    attempts,
  });
  if (continues) return change;
  // A gate that is judged before the first write only, must find after a crash that this Change has passed it.
  const isGated = opened.gates !== undefined || run.app.spec.sync.windows !== undefined;
  const isLong = plan.writes.length + plan.deferred.length > SHORT_PLAN;
  return isLong || isGated || again ? flushChange(run, change) : change;
}

/** Records inputs that already match the live objects. */
async function recordUnchanged(
  run: AppRun,
  desired: Rendered,
  plan: Plan,
  terminating: readonly LiveObject[],
): Promise<SyncResult> {
  run.memory.retry = undefined;
  for (const decision of plan.pruneCandidates) reportKept(run, decision);
  if (terminating.length > 0) {
    const one = terminating.length === 1;
    const kept = await summarizeTerminating(run, terminating);
    const message = `waiting for ${terminating.length} ${one ? "object" : "objects"} to finish deleting before re-creating ${one ? "it" : "them"}: ${kept}`;
    return { progress: { state: "pending", message } };
  }
  run.memory.transferred = undefined;
  run.applied = desired;
  run.status = { ...run.status, applied: desired.inputs };
  return DONE;
}

/** Remembers what a preview has shown, and, if that is new, enqueues the owners of refused objects so that they can release them. */
function recordPreview(run: AppRun, { inputs }: Rendered, refused: readonly RefusedWrite[]): void {
  const checked = {
    inputsKey: inputs.key,
    refused: refused.map(({ action, owner }) => ({ key: claimKey(run, action.document.key), owner })),
  };
  const isNew = canonicalJson(checked) !== canonicalJson(run.memory.checked ?? null);
  run.memory.checked = checked;
  for (const { owner } of refused) if (isNew && owner !== undefined) run.services.enqueue(owner, PRIORITY.change);
}

/** Records a refusal with all reasons. Nothing is written. */
async function refused(run: AppRun, desired: Rendered, plan: Plan, verdict: PruneVerdict): Promise<SyncResult> {
  const writes = plan.refused ?? [];
  const others = plan.writes.length + plan.deferred.length;
  const report = verdict.refusal === undefined ? await describeRefusals(writes, others, run.snapshot) : undefined;
  const message = verdict.refusal ?? report?.message ?? "";
  const ofDocuments = report !== undefined && writes.every((refusal) => refusal.ofDocument === true);
  const reason = verdict.refusal === undefined ? "ApplyRefused" : "PruneRefused";
  if (verdict.refusal !== undefined) run.services.observer.pruneRefused(reason);
  const { revision } = desired.inputs;
  const brief = report && `${revision}: ${report.brief}`;
  const nature = { brief, terminal: ofDocuments };
  const result = backOffAfterFailure(run, desired, reason, `${revision}: ${message}`, 0, nature);
  const change = await ensureChange(
    run,
    desired.inputs,
    openChangeFor(run, desired.inputs)?.spec.cause ?? causeOf(run, desired),
  );
  await recordChange(run, change, {
    ...planStatus(run, plan),
    phase: "Refused",
    message,
    ...(report === undefined ? {} : { refusals: [...report.refusals] }),
    attempts: (change.status?.attempts ?? 0) + 1,
  });
  return result;
}

/** Returns all rejections by the destination for the status of a Change that waits for what may lift them. */
async function refusalsOf(run: AppRun, plan: Plan): Promise<Pick<ChangeStatus, "refusals">> {
  const others = plan.writes.length + plan.deferred.length;
  const { refusals } = await describeRefusals(plan.refused ?? [], others, run.snapshot);
  return { refusals: [...refusals] };
}

/** Reports whether hooks differ from those of the applied inputs: then a Change runs them although nothing else changes. */
function haveHooksChanged({ applied, status }: AppRun, { hooks = [] }: Rendered): boolean {
  // Applied inputs that cannot be rendered any more do not run hooks again.
  if (applied === undefined && status.applied !== undefined) return false;
  return hooks.length > 0 && hooksDiffer(applied?.hooks ?? [], hooks);
}

function causeOf(run: AppRun, { inputs }: Rendered): ChangeCause {
  const before = run.status.applied;
  if (before && before.key !== inputs.key && hasSameSource(before, inputs)) return "Renderer";
  if (hasSameSource(run.status.pin?.inputs, inputs)) return "Rollback";
  if (lastStopped(run, inputs)) return "Retry";
  if (!before || before.commit !== inputs.commit) return run.promotion === undefined ? "Revision" : "Promotion";
  if (before.key === inputs.key || canonicalJson(before.source) !== canonicalJson(inputs.source)) return "Spec";
  return valuesObjectsOf(inputs.source).length > 0 ? "Values" : "Renderer";
}

/** Returns a function that calls `compute` once, at its first call. */
function once<T>(compute: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => {
    result ??= { value: compute() };
    return result.value;
  };
}
