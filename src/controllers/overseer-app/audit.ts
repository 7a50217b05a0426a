import type { Decision } from "../../api/approval-state.js";
import type { Change, ChangePhase, ChangeStatus, CountedApproval } from "../../api/change.js";
import type { AuditEntry, AuditOutcome } from "../../audit/record.js";
import type { AppRun } from "./run.js";

/** Actor of what the operator does on its own. */
const OPERATOR = "overseer-gitops";
/** Maximum number of objects that one record names. */
const MAX_OBJECTS = 40;

/** Verbs by decision. */
const VERBS: Readonly<Record<Decision, string>> = {
  Approve: "approve",
  Reject: "reject",
  Withdraw: "withdraw",
  BreakGlass: "break-glass",
  Acknowledge: "acknowledge",
};

/** Outcomes by phase. Other phases are not recorded. */
const OUTCOMES: Readonly<Partial<Record<ChangePhase, AuditOutcome>>> = {
  Succeeded: "Succeeded",
  Failed: "Failed",
  Rejected: "Refused",
  Refused: "Refused",
  Superseded: "Failed",
  Planned: "Succeeded",
};

/** Records that a Change begins to write, once per process. Resolves when the record is stored, or cannot be. */
export async function auditStart(run: AppRun, change: Change): Promise<void> {
  if (run.memory.auditedStart === change.metadata.uid) return;
  run.memory.auditedStart = change.metadata.uid;
  await recordChangeEntry(run, change, { ...change.status, ...run.staged?.update }, "Started");
}

/** Records the end or the refusal of a Change. */
export async function auditChange(run: AppRun, change: Change, before: ChangeStatus, now: ChangeStatus): Promise<void> {
  const outcome = now.phase === undefined || now.phase === before.phase ? undefined : OUTCOMES[now.phase];
  if (outcome !== undefined) await recordChangeEntry(run, change, now, outcome);
}

/** Records that the decision of a user counts, or why it does not. */
export async function auditDecision(
  run: AppRun,
  { name, approver, decision, state, message }: CountedApproval,
): Promise<void> {
  const outcome = state === "Counted" ? "Succeeded" : "Refused";
  const reason = outcome === "Refused" ? message : undefined;
  await record(run, { actor: approver, verb: VERBS[decision], outcome, details: { approval: name, reason } });
}

/** Records what the operator did to live objects outside of the counts of a Change: heal, prune. */
export async function auditObjects(
  run: AppRun,
  verb: "heal" | "prune",
  objects: readonly string[],
  outcome: AuditOutcome = "Succeeded",
): Promise<void> {
  if (objects.length === 0) return;
  const more = objects.length > MAX_OBJECTS ? objects.length - MAX_OBJECTS : undefined;
  await record(run, { actor: OPERATOR, verb, outcome, details: { objects: objects.slice(0, MAX_OBJECTS), more } });
}

async function recordChangeEntry(
  run: AppRun,
  { metadata, spec }: Change,
  { phase, summary, planHash, message, approvals }: ChangeStatus,
  outcome: AuditOutcome,
): Promise<void> {
  const approvedBy = approvals?.find(({ decision, state }) => decision === "Approve" && state === "Counted")?.approver;
  await record(run, {
    actor: spec.requester ?? OPERATOR,
    verb: spec.cause === "Rollback" ? "rollback" : "sync",
    outcome,
    details: {
      ...{ change: metadata.name, cause: spec.cause, revision: spec.inputs?.revision, summary, planHash, approvedBy },
      ...(outcome === "Started" ? {} : { result: phase, reason: message }),
    },
  });
}

/** A record that cannot be stored does not stop a sync: it is logged and counted by the sink. */
async function record({ app, services }: AppRun, entry: Omit<AuditEntry, "object">): Promise<void> {
  const { namespace, name } = app.metadata;
  await services.audit?.record({ ...entry, object: { kind: app.kind, namespace, name } }).catch(() => {});
}
