import type { Change, ChangeCause, ChangeStatus, GateState } from "../../../api/change.js";
import { mapLimit } from "../../../base/semaphore.js";
import { deletionsGate } from "../../../gates/deletions.js";
import { closedGates, type GateFacts, judgeGates } from "../../../gates/gate.js";
import { referencesGate } from "../../../gates/references.js";
import { formatOrigin } from "../../../manifest/document.js";
import type { MissingReference, RefusedWrite } from "../../../plan/actions.js";
import { difference } from "../../../plan/difference.js";
import type { LiveObject, Observation } from "../../../plan/live.js";
import { describePlan, isEmptyPlan, type Plan, planHash, summarize } from "../../../plan/plan.js";
import { judgePrune, keepPaused, type PruneVerdict } from "../../../plan/prune-guard.js";
import { PRIORITY } from "../../../reconcile/work-queue.js";
import { ensureChange, flushChange, openChangeFor, recordChange, stageChange } from "../changes/change-record.js";
import { reportKept } from "../deletion/prune.js";
import { summarizeTerminating } from "../deletion/terminating.js";
import { observeApp } from "../observe.js";
import { appsBehind } from "../ownership/apps-behind.js";
import { type Claimants, claimFacts, judgeClaims } from "../ownership/claimants.js";
import { claimKey } from "../ownership/claims.js";
import { transferObjects } from "../ownership/transfer-objects.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { statusNotes } from "../source/notes.js";
import { areRecorded, recordKinds } from "../status/record-kinds.js";
import { applyPlan, waitFor } from "./apply-plan.js";
import { beginJudgement, stillAwaits } from "./awaited-writes.js";
import { FieldLineFinder } from "./field-lines.js";
import { withoutFinished } from "./finished-jobs.js";
import { liftingDeletions } from "./lifting-deletions.js";
import { describeRefusals } from "./refusals.js";
import { backOffAfterFailure, isBackingOff } from "./retry.js";

/** Plans with more writes are recorded before they are applied. */
const SHORT_PLAN = 100;

/** Every gate that a Change must pass. */
const GATES = [deletionsGate, referencesGate];

/**
 * Syncs the app to new inputs: plan, preview every write, evaluate gates, apply, prune. Nothing is changed before the first
 * write; after it, the next reconcile continues where this one ended.
 */
export async function syncToInputs(run: AppRun, desired: Rendered): Promise<void> {
  const transferred = await transferObjects(run, desired);
  if (isBackingOff(run, desired)) return;
  const observation = observeApp(run);
  const { destination } = run;
  const documents = withoutFinished(run, desired.documents, observation);
  const diff = difference(documents, observation, (document) => destination.recordedHash(document));
  const open = openChangeFor(run, desired.inputs.key);
  // A started Change continues with all possible writes: one of them may lift a refusal.
  const started = run.status.applied?.key === desired.inputs.key;
  const awaited = started && open?.status?.phase === "Applying" ? stillAwaits(run, desired, diff.writes) : undefined;
  if (open && awaited !== undefined) return waitFor(run, open, awaited);
  beginJudgement(run, desired);
  // Must precede judgeClaims: an app that reads the commit in between may claim a candidate.
  const candidates = diff.pruneCandidates.filter(({ key }) => desired.skipped?.has(key) !== true);
  const behind = candidates.length === 0 ? [] : appsBehind(run);
  const claimants = await judgeClaims(run, candidates);
  const verdict = judge(run, desired, observation, candidates, claimants);
  const deletions = liftingDeletions(verdict.decisions);
  const preview = await destination.preview(run.target, diff.writes, desired.documents, run.signal, deletions);
  const held = diff.paused.filter(({ behind }) => behind).map(({ live }) => keepPaused(live));
  recordPreview(run, desired, preview.refused);
  const pruneCandidates = [...transferred, ...verdict.decisions, ...held];
  const plan: Plan = {
    writes: preview.accepted,
    deferred: preview.deferred,
    refused: preview.refused,
    pruneCandidates,
  };
  run.services.failpoint("app:after-plan");
  const stopped = verdict.refusal !== undefined && (!started || diff.writes.length === 0);
  if (stopped || (preview.refused.length > 0 && !started)) return refused(run, desired, plan, verdict);
  if (isEmptyPlan(plan) && (!open || diff.terminating.length > 0))
    return recordUnchanged(run, desired, plan, diff.terminating);
  const change = await ensureChange(run, desired.inputs, open?.spec.cause ?? causeOf(run, desired));
  const missing = await placesOfMissing(run, preview.missing);
  const gates = judgeGates(GATES, { deletionsNeedingApproval: verdict.approval, missing });
  if (closedGates(gates).length > 0) return waitAtGates(run, change, plan, gates);
  const current = await startApplying(run, change, plan, gates);
  if (!started || !areRecorded(run)) await recordKinds(run, desired, current);
  const keys = new Set(transferred.map(({ live }) => live.key));
  await applyPlan(run, desired, plan, current, { transferred: keys, behind, refusal: verdict.refusal });
}

/**
 * Records that a Change is being applied. A long plan is written immediately, a short one when it is complete. A Change applied
 * in several steps keeps its first plan.
 */
async function startApplying(run: AppRun, change: Change, plan: Plan, gates: GateState[]): Promise<Change> {
  const continues = change.status?.phase === "Applying" && change.status.plan !== undefined;
  const retried = !continues || change.status?.message !== undefined;
  const attempts = (change.status?.attempts ?? 0) + (retried ? 1 : 0);
  const opened = change.status?.gates === undefined ? {} : { gates };
  stageChange(run, change, { ...(continues ? {} : planStatus(run, plan)), ...opened, phase: "Applying", attempts });
  return plan.writes.length + plan.deferred.length > SHORT_PLAN ? flushChange(run, change) : change;
}

function judge(
  run: AppRun,
  desired: Rendered,
  observation: Observation,
  pruneCandidates: Parameters<typeof judgePrune>[0]["pruneCandidates"],
  claimants: Claimants,
): PruneVerdict {
  const { sync } = run.app.spec;
  return judgePrune({
    pruneCandidates,
    observationComplete: observation.complete,
    desired: desired.documents.length,
    live: [...observation.objects.values()].filter((object) => object.ownership !== "Foreign").length,
    prune: sync?.prune ?? true,
    unread: desired.unread,
    allowEmpty: sync?.allowEmpty ?? false,
    budget: sync?.pruneBudget,
    ...claimFacts(run, claimants),
  });
}

/** Records inputs that already match the live objects. */
async function recordUnchanged(
  run: AppRun,
  desired: Rendered,
  plan: Plan,
  terminating: readonly LiveObject[],
): Promise<void> {
  run.memory.retry = undefined;
  for (const decision of plan.pruneCandidates) reportKept(run, decision);
  if (terminating.length > 0) {
    const one = terminating.length === 1;
    const kept = await summarizeTerminating(run, terminating);
    run.progress = {
      state: "pending",
      message: `waiting for ${terminating.length} ${one ? "object" : "objects"} to finish deleting before re-creating ${one ? "it" : "them"}: ${kept}`,
    };
    return;
  }
  run.memory.transferred = undefined;
  run.applied = desired;
  run.status = { ...run.status, applied: desired.inputs };
  run.progress = { state: "done" };
}

/** Returns each missing reference with the line that contains it. */
async function placesOfMissing(run: AppRun, missing: readonly MissingReference[]): Promise<GateFacts["missing"]> {
  const lines = new FieldLineFinder(run.snapshot);
  return mapLimit(missing, 1, async ({ action, what, place }) => {
    const at = await lines.find(place ?? { origin: action.document.origin, path: [] });
    return { what, where: formatOrigin(at) };
  });
}

/** Remembers the preview, and enqueues the owners of refused objects so that they can release them. */
function recordPreview(run: AppRun, { inputs }: Rendered, refused: readonly RefusedWrite[]): void {
  run.memory.checked = {
    inputsKey: inputs.key,
    refused: refused.map(({ action, owner }) => ({ key: claimKey(run, action.document.key), owner })),
  };
  for (const { owner } of refused) if (owner !== undefined) run.services.enqueue(owner, PRIORITY.change);
}

/** Records a refusal with all reasons. Nothing is written. */
async function refused(run: AppRun, desired: Rendered, plan: Plan, verdict: PruneVerdict): Promise<void> {
  const writes = plan.refused ?? [];
  const others = plan.writes.length + plan.deferred.length;
  const report = verdict.refusal === undefined ? await describeRefusals(writes, others, run.snapshot) : undefined;
  const message = verdict.refusal ?? report?.message ?? "";
  const ofDocuments = report !== undefined && writes.every((refusal) => refusal.ofDocument === true);
  const reason = verdict.refusal === undefined ? "ApplyRefused" : "PruneRefused";
  if (verdict.refusal !== undefined) run.services.observer.pruneRefused(reason);
  const { revision } = desired.inputs;
  const brief = report && `${revision}: ${report.brief}`;
  backOffAfterFailure(run, desired, reason, `${revision}: ${message}`, 0, { brief, terminal: ofDocuments });
  const change = await ensureChange(
    run,
    desired.inputs,
    openChangeFor(run, desired.inputs.key)?.spec.cause ?? causeOf(run, desired),
  );
  await recordChange(run, change, {
    ...planStatus(run, plan),
    phase: "Refused",
    message,
    ...(report === undefined ? {} : { refusals: [...report.refusals] }),
    attempts: (change.status?.attempts ?? 0) + 1,
  });
}

/** Holds the Change until every gate passes. Meanwhile live objects stay as applied, and drift is reverted. */
async function waitAtGates(run: AppRun, change: Change, plan: Plan, gates: GateState[]): Promise<void> {
  const closed = closedGates(gates);
  const message = closed.map((gate) => `${gate.name}: ${gate.message}`).join("; ");
  await recordChange(run, change, { ...planStatus(run, plan), phase: "Waiting", waitingFor: message, gates });
  const status = `Change ${change.metadata.name} waits: ${message}`;
  run.progress = {
    state: "waiting",
    reason: closed[0]?.name === referencesGate.name ? "References" : "Deletions",
    message: status,
  };
  run.emitEventOnce("sync", "Warning", "Waiting", "Sync", status);
}

/** Returns the status fields of a Change that describe its plan. */
export function planStatus(run: AppRun, plan: Plan): Partial<ChangeStatus> {
  const { actions, omitted } = describePlan(plan);
  return {
    summary: summarize(plan),
    planHash: planHash(plan, run.services.digestKey),
    plan: actions,
    ...(omitted === 0 ? {} : { omitted }),
    ...(run.desired ? statusNotes(run.desired) : {}),
  };
}

function causeOf(run: AppRun, desired: Rendered): ChangeCause {
  const before = run.status.applied;
  if (!before || before.commit !== desired.inputs.commit) return "Revision";
  return "Spec";
}
