import type {
  Change,
  ChangeStatus,
  CountedApproval,
  FieldChange,
  GateState,
  PlannedAction,
} from "../../../api/change.js";
import { shortRevision } from "../../../api/short-revision.js";
import { rfc3339 } from "../../../base/clock.js";
import { cutText } from "../../../base/cut-text.js";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import { mapLimit } from "../../../base/semaphore.js";
import { approvalsGate } from "../../../gates/approvals.js";
import { apiVersionOf, displayId } from "../../../manifest/object-id.js";
import type { PreviewedWrite } from "../../../plan/actions.js";
import { DiffBudget } from "../../../plan/diff-budget.js";
import type { Plan } from "../../../plan/plan.js";
import { createNumbered, openChangeFor, openChanges, recordChange, trimHistory } from "../changes/change-record.js";
import { writeApprovalStatus } from "../gates/approval-status.js";
import { countApprovals } from "../gates/count-approvals.js";
import { standingRejections } from "../gates/decisions.js";
import type { AppRun } from "../run.js";
import { keepWholePlan, planStatus } from "../sync/plan-status.js";
import type { DriftedObject } from "./reported-drift.js";

/** Name of the gate in the status of Changes of cause Drift. */
const GATE = "drift";
const PARALLEL = 8;
/** Minimum time between two Changes of cause Drift of an app: drift that comes and goes makes no flood of them. */
const INTERVAL_MS = 60_000;

/** Returns the open Change that offers to revert drift, if any. */
function openDriftChange(run: AppRun): Change | undefined {
  return openChanges(run).find(({ spec }) => spec.cause === "Drift");
}

/**
 * Offers to revert reported drift: one Change of cause Drift for each state of the drift, which waits until a user approves it. A Change
 * whose drift has changed or is gone is superseded. Returns the objects that a user has approved to revert now.
 */
export async function offerRevert(run: AppRun, found: readonly DriftedObject[]): Promise<readonly DriftedObject[]> {
  const open = openDriftChange(run);
  if (open?.status?.phase === "Applying") {
    const planned = plannedReasons(run, open);
    const left = found.filter(({ write, note }) => planned.get(nameOf(write)) === cutText(note, 1024));
    if (left.length > 0) return left;
    if (found.some(({ write }) => planned.has(nameOf(write)))) {
      await end(run, open, { phase: "Superseded", message: "the drift has changed since it was approved" });
      return [];
    }
    const plan = open.status.plan?.map((action) => ({ ...action, result: "Done" as const }));
    await end(run, open, { phase: "Succeeded", message: "the drift is reverted", ...(plan ? { plan } : {}) });
    return [];
  }
  if (found.length === 0) {
    if (open)
      await end(run, open, { phase: "Superseded", message: "nothing differs from the applied revision any more" });
    return [];
  }
  const hash = hashOf(run, found);
  if (open && open.status?.planHash !== undefined && open.status.planHash !== hash)
    await end(run, open, { phase: "Superseded", message: "the drift has changed" });
  else if (open) return judge(run, open, found, hash);
  const created = await offer(run, hash);
  return created ? judge(run, created, found, hash) : [];
}

/** Ends an offer to revert drift, because drift is reverted by itself now. */
export async function withdrawOffer(run: AppRun): Promise<void> {
  const open = openDriftChange(run);
  if (open) await end(run, open, { phase: "Superseded", message: "drift of the app is reverted by itself" });
}

/** Creates the Change, unless other Changes are in progress, or a user has rejected the same one. */
async function offer(run: AppRun, hash: string): Promise<Change | undefined> {
  const { applied } = run.status;
  if (applied === undefined || run.desired?.inputs.key !== applied.key || run.progress.state !== "done")
    return undefined;
  if (openChangeFor(run, applied) !== undefined) return undefined;
  const isRejected = standingRejections(run).some(
    ({ change }) => change.spec.cause === "Drift" && change.status?.planHash === hash,
  );
  if (isRejected) return undefined;
  const now = run.services.clock.monotonic();
  const left = (run.memory.driftOfferedAt ?? Number.NEGATIVE_INFINITY) + INTERVAL_MS - now;
  if (left > 0) {
    run.requeueAfter(left);
    return undefined;
  }
  run.memory.driftOfferedAt = now;
  const change = await createNumbered(run, applied, "Drift");
  run.services.failpoint("app:after-change-created");
  return change;
}

/** Records the plan and what the Change waits for. Returns what is to be reverted: everything, once a user has approved the plan. */
async function judge(
  run: AppRun,
  change: Change,
  found: readonly DriftedObject[],
  hash: string,
): Promise<readonly DriftedObject[]> {
  const described = isDescribed(run, change, hash) ? (change.status ?? {}) : await describe(run, change, found, hash);
  const approvals = await countApprovals(run, change, () => described);
  await writeApprovalStatus(run, approvals);
  const { planHash, plan, planIncomplete, summary, omitted } = described;
  const update: Partial<ChangeStatus> = {
    ...{ planHash, plan, summary },
    ...(omitted === undefined ? {} : { omitted }),
    ...(planIncomplete === undefined ? {} : { planIncomplete }),
    ...(approvals.length === 0 ? {} : { approvals }),
  };
  const counted = approvals.filter(({ state }) => state === "Counted");
  const rejection = counted.find(({ decision }) => decision === "Reject");
  if (rejection) {
    const message = `rejected by ${rejection.approver}${rejection.comment === undefined ? "" : ` (${rejection.comment})`}`;
    const gates: GateState[] = [{ name: approvalsGate.name, state: "Fail", message }];
    await end(run, change, { ...update, phase: "Rejected", message: `${approvalsGate.name}: ${message}`, gates });
    return [];
  }
  const approval = counted.find(({ decision }) => decision === "Approve" || decision === "BreakGlass");
  if (approval) {
    const gates: GateState[] = [{ name: GATE, state: "Pass", message: `approved by ${approval.approver}` }];
    await recordChange(run, change, { ...update, phase: "Applying", gates, attempts: 1 });
    return found;
  }
  const gate = waitingGate(run, change, found, approvals);
  const waitingFor = `${GATE}: ${gate.message} (since ${gate.since}; opened by ${gate.opens}; otherwise ${gate.otherwise})`;
  await recordChange(run, change, { ...update, phase: "Waiting", waitingFor, gates: [gate] });
  run.driftChange = change.metadata.name;
  run.emitEventOnce(
    "drift",
    "Warning",
    "Waiting",
    "Heal",
    `Change ${change.metadata.name} waits: ${GATE}: ${gate.message}`,
  );
  return [];
}

function waitingGate(
  run: AppRun,
  { status }: Change,
  found: readonly DriftedObject[],
  approvals: readonly CountedApproval[],
): GateState {
  const last = approvals.findLast(({ decision, state }) => decision === "Approve" && state !== "Counted");
  const remark = last === undefined ? "" : `; Approval ${last.name} does not count: ${last.message}`;
  const before = status?.gates?.find(({ name, state }) => name === GATE && state === "Wait");
  const objects = `${found.length} ${found.length === 1 ? "object differs" : "objects differ"}`;
  return {
    ...{ name: GATE, state: "Wait", since: before?.since ?? rfc3339(run.services.clock.now()) },
    message: `${objects} from ${shortRevision(run.status.applied?.revision ?? "")}, and sync.selfHeal is false${remark}`,
    opens: `a user with the verb approve for OverseerApp ${run.ref.name}, by an Approval`,
    otherwise: "the drift stays",
  };
}

/** Reports whether the Change shows this plan, or else the plan is known. */
function isDescribed({ services }: AppRun, { metadata, status }: Change, hash: string): boolean {
  if (status?.planHash !== hash) return false;
  return status.planIncomplete === undefined || services.wholePlans.get(metadata.uid)?.planHash === hash;
}

/** Returns the plan, with the differing fields. Sends a dry run for each object, once for each state of the drift. */
async function describe(
  run: AppRun,
  change: Change,
  found: readonly DriftedObject[],
  hash: string,
): Promise<Partial<ChangeStatus>> {
  const budget = new DiffBudget();
  const diffs = await mapLimit(found, PARALLEL, async (one) => budget.add(await diffOf(run, one)));
  const plan = planOf(
    found,
    diffs.map((diff) => budget.cut(diff)),
  );
  const status = { ...planStatus(run, plan, "Whole"), planHash: hash };
  keepWholePlan(run, change, plan, status);
  return status;
}

async function diffOf(run: AppRun, { write, missing }: DriftedObject): Promise<readonly FieldChange[]> {
  if (missing || write.live === undefined) return [];
  return (await run.destination.verify(run.target, { document: write.document, live: write.live })).diff;
}

function planOf(found: readonly DriftedObject[], diffs: readonly (readonly FieldChange[])[] = []): Plan {
  const writes = found.map(({ write: { document, live }, note }, at): PreviewedWrite => {
    const verb = live === undefined ? "Create" : "Update";
    const action = { verb, document, live } as const;
    return { action, verb, stamp: "", reason: note, diff: diffs[at] ?? [], warnings: [] };
  });
  return { writes, deferred: [], pruneCandidates: [] };
}

/** Identifies a state of the drift: the objects, who changed which fields, and what they would be reverted to. */
function hashOf(run: AppRun, found: readonly DriftedObject[]): string {
  const { planHash } = planStatus(run, planOf(found));
  const notes = found.map(({ write, note }) => `${write.document.key} ${write.live?.uid ?? ""} ${note}`).sort();
  return hmacSha256(run.services.digestKey, canonicalJson(["Drift", planHash, ...notes]), 32);
}

/** Returns the objects that a user has approved to revert, and how each differed then. */
function plannedReasons({ services }: AppRun, { metadata, status }: Change): ReadonlyMap<string, string | undefined> {
  const { plan = [], omitted = 0 } = status ?? {};
  const whole = omitted === 0 ? undefined : services.wholePlans.get(metadata.uid)?.json;
  const actions: readonly PlannedAction[] = whole === undefined ? plan : JSON.parse(whole.toString());
  return new Map(actions.map(({ apiVersion, object, reason }) => [`${apiVersion} ${object}`, reason]));
}

function nameOf({ document: { id } }: DriftedObject["write"]): string {
  return `${apiVersionOf(id)} ${cutText(displayId(id), 512)}`;
}

async function end(run: AppRun, change: Change, update: Parameters<typeof recordChange>[2]): Promise<void> {
  run.memory.lastEmitted.delete("drift");
  await recordChange(run, change, update);
  await trimHistory(run);
}
