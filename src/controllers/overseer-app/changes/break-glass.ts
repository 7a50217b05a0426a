import type { CountedApproval } from "../../../api/change.js";
import { type Condition, findCondition } from "../../../api/conditions.js";
import { writeApprovalStatus } from "../gates/approval-status.js";
import { countApprovals } from "../gates/count-approvals.js";
import { decisionsOn } from "../gates/decisions.js";
import type { AppRun } from "../run.js";
import { isOpen, type KnownChange } from "./known-change.js";

/** A Change that a user has let through by break-glass, and that decision. */
export interface BrokenChange {
  readonly change: KnownChange;
  readonly by: CountedApproval;
}

/** Returns the Changes that were let through by break-glass and that no other user has acknowledged. */
export function unacknowledged(run: AppRun): BrokenChange[] {
  const found: BrokenChange[] = [];
  for (const change of run.services.changes.of(run.key)) {
    const { phase, approvals } = change.status ?? {};
    if (phase === "Waiting" || phase === "Rejected") continue;
    const by = approvals?.find(({ decision, state }) => decision === "BreakGlass" && state === "Counted");
    if (by !== undefined && !isAcknowledged(run, change)) found.push({ change, by });
  }
  return found;
}

function isAcknowledged(run: AppRun, { metadata }: KnownChange): boolean {
  return decisionsOn(run, metadata.uid).some(
    ({ spec, status }) => spec.decision === "Acknowledge" && readyOf(status?.conditions)?.reason === "Counted",
  );
}

function readyOf(conditions: readonly Condition[] | undefined): Condition | undefined {
  return findCondition(conditions, "Ready");
}

/** Judges new acknowledgements of Changes that have ended. Sends no request if there are none. */
export async function judgeAcknowledgements(run: AppRun): Promise<void> {
  for (const { change } of unacknowledged(run)) {
    if (isOpen(change)) continue;
    const isNew = decisionsOn(run, change.metadata.uid).some(
      ({ spec, status }) => spec.decision === "Acknowledge" && status?.conditions === undefined,
    );
    if (!isNew) continue;
    const counted = await countApprovals(run, change, () => ({}));
    await writeApprovalStatus(
      run,
      counted.filter(({ decision }) => decision === "Acknowledge"),
    );
  }
}

/** Describes what was let through by break-glass and waits for another user. */
export function describeBroken(run: AppRun): string | undefined {
  const texts = unacknowledged(run).map(
    ({ change, by }) =>
      `Change ${change.metadata.name} was let through by ${by.approver} by break-glass (${by.comment ?? ""})`,
  );
  if (texts.length === 0) return undefined;
  return `${texts.join("; ")}: another user with the verb approve acknowledges it by an Approval with decision Acknowledge`;
}
