import type { Change, ChangeStatus } from "../../../api/change.js";
import type { ConditionReason } from "../../../api/reasons.js";
import { cutText } from "../../../base/cut-text.js";
import { closedGates } from "../../../gates/judge.js";
import { isNamespaceTerminating } from "../../../kube/errors.js";
import { displayId } from "../../../manifest/object-id.js";
import type { Plan } from "../../../plan/plan.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";
import { ensureChange, openChanges, openDeletion, recordChange } from "../changes/change-record.js";
import { isPlanned, plannedAction } from "../changes/planned-actions.js";
import { standingRejections } from "../gates/decisions.js";
import { describeClosed, describeWaiting, isGoverned, judgeChange, statesOf } from "../gates/judge-change.js";
import { placedLive } from "../gates/placed-objects.js";
import { failedGates, reject } from "../gates/rejection.js";
import { serverTime } from "../gates/server-time.js";
import type { AppRun } from "../run.js";
import { keepWholePlan, planStatus } from "../sync/plan-status.js";

/** Maximum length of the names of objects in a message. */
const MAX_NAMES = 300;

/** Why a deletion waits, and the reason of the condition Waiting. */
export interface HeldDeletion {
  readonly reason: ConditionReason;
  readonly message: string;
}

/**
 * Asks the gates of the Environments of an app before its first object is deleted: the deletion is a Change of cause Deletion. Returns what it
 * waits for; undefined if it may proceed. Once it has begun, it is not asked again, unless it would delete what its plan keeps.
 */
export async function awaitDeletionGates(
  run: AppRun,
  decisions: readonly PruneDecision[],
): Promise<HeldDeletion | undefined> {
  const removed = decisions.filter(({ verb }) => verb !== "Keep");
  if (removed.length === 0 || !isGoverned(run)) return undefined;
  const open = openDeletion(run);
  if (open?.status?.phase === "Applying") {
    const extended = removed.filter(
      // Objects of its own hooks are created later.
      ({ verb, live }) =>
        !isPlanned(open, { verb, id: live.id }) &&
        !(live.hook !== undefined && plannedAction(open, live.id) === undefined),
    );
    if (extended.length === 0) return undefined;
    const names = extended.map(({ live }) => displayId(live.id)).join(", ");
    await recordChange(run, open, {
      phase: "Superseded",
      message: `its plan does not delete ${cutText(names, MAX_NAMES)}, which would be deleted now: another Change asks for that`,
    });
  }
  const rejection = standingRejections(run).find(({ change }) => change.spec.cause === "Deletion");
  if (rejection !== undefined) {
    const { change, by } = rejection;
    const message = `Change ${change.metadata.name} is rejected by ${by.approver}, who can withdraw that by an Approval with decision Withdraw`;
    return { reason: "Approvals", message };
  }
  // A deletion applies nothing: its inputs are only shown, so those of an unsigned status do as well.
  const inputs = run.status.applied ?? open?.spec.inputs ?? run.app.status?.applied;
  if (inputs === undefined)
    return { reason: "Approval", message: "the applied inputs are not known, so that the deletion cannot be approved" };
  for (const change of openChanges(run))
    if (change.spec.cause !== "Deletion")
      await recordChange(run, change, { phase: "Superseded", message: "superseded by the deletion of the app" });
  const change = await ensureChange(run, inputs, "Deletion").catch((error: unknown) => {
    if (isNamespaceTerminating(error)) return undefined;
    throw error;
  });
  if (change === undefined)
    return {
      reason: "Approval",
      message: `namespace ${run.ref.namespace} is being deleted, so that no Change can be created there to ask the gates about ${removed.length} ${removed.length === 1 ? "object" : "objects"} of the app`,
    };
  return judgeDeletion(run, change, { writes: [], deferred: [], pruneCandidates: decisions });
}

/** Ends the Change of a deletion that is complete. */
export async function endDeletion(run: AppRun): Promise<void> {
  const open = openDeletion(run);
  if (open !== undefined) await recordChange(run, open, { phase: "Succeeded", message: "the app is deleted" });
}

async function judgeDeletion(run: AppRun, change: Change, plan: Plan): Promise<HeldDeletion | undefined> {
  const status = planStatus(run, plan, "Whole");
  const removed = plan.pruneCandidates.filter(({ verb }) => verb !== "Keep");
  const { inputs } = change.spec;
  if (inputs === undefined) return undefined;
  const { results, approvals } = await judgeChange(run, {
    ...{ desired: { inputs }, open: change, cause: "Deletion", inputsRecorded: false, plan: () => status },
    ...{ deletionsNeedingApproval: undefined, missing: [] },
    placed: placedLive(
      run,
      removed.map(({ live }) => live),
    ),
  });
  const decided: Partial<ChangeStatus> = approvals.length === 0 ? {} : { approvals: [...approvals] };
  const closed = closedGates(results);
  if (failedGates(results).length > 0) await reject(run, change, results, { ...status, ...decided });
  else if (closed.length > 0) {
    keepWholePlan(run, change, plan, status);
    const waitingFor = describeWaiting(results);
    await recordChange(run, change, { ...status, ...decided, phase: "Waiting", waitingFor, gates: statesOf(results) });
    for (const { until } of closed) if (until !== undefined) run.requeueAfter(until - serverTime(run.services));
  } else {
    await recordChange(run, change, { ...status, ...decided, phase: "Applying", gates: statesOf(results) });
    return undefined;
  }
  const message = `Change ${change.metadata.name} waits: ${describeClosed(results)}`;
  return { reason: closed[0]?.gate.waitReason ?? "Waiting", message };
}
