import type { Change, PlannedAction } from "../../../api/change.js";
import { mapLimit } from "../../../base/semaphore.js";
import { closedGates } from "../../../gates/judge.js";
import type { Document } from "../../../manifest/document.js";
import { apiVersionOf, displayId } from "../../../manifest/object-id.js";
import type { HealAction } from "../../../plan/actions.js";
import { difference } from "../../../plan/difference.js";
import type { Plan } from "../../../plan/plan.js";
import { recordChange, trimHistory } from "../changes/change-record.js";
import { judgeChange, statesOf } from "../gates/judge-change.js";
import { placedObjects } from "../gates/placed-objects.js";
import { observeApp } from "../observe.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { areRecorded, recordKindsOf } from "../status/record-kinds.js";
import { withoutOperatorKinds } from "./operator-kinds.js";
import { planStatus } from "./plan-status.js";
import { describeRefusals } from "./refusals.js";
import { Results } from "./results.js";

const PARALLEL = 8;
const WHOLE = "request a sync of the whole app instead";

type ObjectRef = NonNullable<Change["spec"]["objects"]>[number];

/**
 * Meets a request to sync some objects: applies their documents and reverts their drift, in one step. No hooks run, waves are not
 * awaited, and nothing is deleted. It never waits at a gate: where one does not pass, the request is rejected.
 */
export async function syncObjects(run: AppRun, request: Change, desired: Rendered): Promise<void> {
  const refs = request.spec.objects ?? [];
  const end = async (phase: "Rejected" | "Failed" | "Succeeded", message: string, more = {}): Promise<void> => {
    await recordChange(run, request, { ...more, phase, message });
    await trimHistory(run);
  };
  const reason = reasonAgainst(run, refs, desired);
  if (reason !== undefined) return end("Rejected", reason);
  const documents = desired.documents.filter((document) => refs.some((ref) => matches(run, ref, document)));
  const { writes, heals } = difference(documents, observeApp(run), (one) => run.destination.recordedHash(one));
  const { writes: allowed, refused: ofKinds } = withoutOperatorKinds(writes);
  const judged = await run.destination.preview(run.target, allowed, desired.documents, run.signal);
  const deferred = judged.deferred.map(({ action, message }) => ({ action, message, retryable: true }));
  const refused = [...ofKinds, ...judged.refused, ...deferred];
  const plan: Plan = { writes: judged.accepted, deferred: [], refused, pruneCandidates: [] };
  const status = planStatus(run, plan);
  const { results: gates } = await judgeChange(run, {
    ...{ desired, open: request, cause: "Sync", inputsRecorded: false, deletionsNeedingApproval: undefined },
    ...{ missing: judged.missing, placed: placedObjects(run, plan), plan: () => status },
  });
  const recorded = { ...status, gates: statesOf(gates) };
  const recreated = judged.accepted.filter(({ verb }) => verb === "Recreate");
  if (recreated.length > 0) {
    const names = recreated.map(({ action }) => displayId(action.document.id)).join(", ");
    return end("Rejected", `${names} would be deleted and created again: ${WHOLE}`, recorded);
  }
  const [closed] = closedGates(gates);
  if (closed) return end("Rejected", `gate ${closed.state.name}: ${closed.state.message}: ${WHOLE}`, recorded);
  if (refused.length > 0) {
    const report = await describeRefusals(refused, judged.accepted.length, run.snapshot);
    return end("Failed", report.message, { ...recorded, refusals: [...report.refusals] });
  }
  // The kinds are recorded before the first object of one is created.
  if (!areRecorded(run))
    await recordKindsOf(run, `syncing ${documents.length} objects for Change ${request.metadata.name}`);
  const results = new Results(run);
  await mapLimit(judged.accepted, PARALLEL, async (write) => {
    const { id, origin } = write.action.document;
    results.note(id, await run.destination.write(run.target, write), origin);
  });
  await mapLimit(heals, PARALLEL, async (action) => {
    const { id, origin } = action.document;
    results.note(id, await run.destination.heal(run.target, action), origin);
  });
  const actions = results.mark([...(status.plan ?? []), ...heals.map(describeHeal)], !results.failed);
  const more = { ...recorded, ...(actions ? { plan: actions } : {}) };
  if (results.failed) return end("Failed", results.summary(), more);
  const whole = desired.documents.length;
  return end(
    "Succeeded",
    `${documents.length} of ${whole} objects are synced; no hooks were run, and nothing was deleted`,
    more,
  );
}

/** Returns why single objects cannot be synced; undefined if they can. */
function reasonAgainst(run: AppRun, refs: readonly ObjectRef[], desired: Rendered): string | undefined {
  const unknown = refs.filter((ref) => !desired.documents.some((document) => matches(run, ref, document)));
  if (unknown.length > 0) {
    const names = unknown.map(({ kind, namespace, name }) => displayId({ kind, namespace: namespace ?? "", name }));
    return `${names.join(", ")} ${names.length === 1 ? "is" : "are"} not in ${desired.inputs.revision}: correct spec.objects`;
  }
  const isNewer = run.status.applied?.key !== desired.inputs.key;
  if (isNewer && run.app.spec.sync.selfHeal)
    return `single objects cannot be synced to ${desired.inputs.revision} while another revision is applied, because self-heal would revert them: ${WHOLE}, or set sync.selfHeal to false`;
  return undefined;
}

function matches(run: AppRun, { apiVersion, kind, namespace, name }: ObjectRef, { id }: Document): boolean {
  if (kind !== id.kind || name !== id.name || (apiVersion !== undefined && apiVersion !== apiVersionOf(id)))
    return false;
  return id.namespace === "" || id.namespace === (namespace ?? run.ref.namespace);
}

function describeHeal({ document: { id } }: HealAction): PlannedAction {
  return { verb: "Update", object: displayId(id), apiVersion: apiVersionOf(id), reason: "drift of it is reverted" };
}
