import type { ConditionDraft } from "../../../api/conditions.js";
import { ANNOTATION_RECONCILE } from "../../../api/group.js";
import { isSettled } from "../../../api/overseer-app.js";
import { cutMiddle } from "../../../base/cut-text.js";
import type { DriftReport, PausedReport, Problem, Progress } from "../outcome.js";
import type { AppHealth } from "./health.js";

/** Inputs of the conditions of an app. */
export interface AppFacts {
  /** Last applied revision. */
  readonly revision: string | undefined;
  readonly problem: Problem | undefined;
  readonly progress: Progress;
  readonly drift: readonly DriftReport[];
  /** The Change that reverts the drift when a user approves it. */
  readonly driftChange?: string | undefined;
  readonly contested: readonly DriftReport[];
  /** Objects whose reconciliation a user has disabled. */
  readonly paused: readonly PausedReport[];
  /** How the app was rolled back, and until when it stays there, if so. */
  readonly pinned?: string | undefined;
  /** What was let through by break-glass and was not acknowledged. */
  readonly broken?: string | undefined;
  /** Objects that are still being deleted, with what blocks each deletion. */
  readonly terminating?: string | undefined;
  /** Undefined until something has been applied. */
  readonly health: AppHealth | undefined;
  /** Whether the objects did not become healthy within `health.timeout`. */
  readonly timedOut: boolean;
  /** Whether drift is only reported. */
  readonly reportOnly: boolean;
  /** Features that the destination lacks, with the workaround for each. */
  readonly limits: readonly string[];
  /** Apps without a current backup, each with the cause. */
  readonly backups?: readonly string[] | undefined;
  /** Why the observation is incomplete. */
  readonly incomplete: string | undefined;
  /** Why desired objects that were visible before cannot be listed now. */
  readonly unlisted: string | undefined;
  /** Number of source notes, including those omitted from the status. */
  readonly notes?: number;
}

type Draft = ConditionDraft;

/** Maximum length of a problem message in conditions other than Ready, which has the full text. */
const MAX_SHORT = 300;

/**
 * Returns the conditions of an app. Ready is True when the live objects match the last inputs that passed their gates and are
 * healthy, even while newer inputs wait. Unknown implies Reconciling, as kstatus requires.
 */
export function appConditions(facts: AppFacts): Draft[] {
  const ready = readyCondition(facts);
  return [ready, syncedCondition(facts), healthyCondition(facts), ...abnormal(facts, ready)];
}

function readyCondition(facts: AppFacts): Draft {
  const { problem, progress, health, revision } = facts;
  if (problem) return draft("Ready", "False", problem.reason, withRetry(problem));
  const unknown = facts.unlisted ?? (isSettled(health?.status) ? undefined : facts.incomplete);
  if (unknown !== undefined) return draft("Ready", "Unknown", "Observing", unknown);
  if (progress.state === "pending") return draft("Ready", "Unknown", "Progressing", progress.message);
  if (progress.state === "failed") return draft("Ready", "False", "Failed", "the newest inputs could not be applied");
  if (revision !== undefined && !health) return draft("Ready", "False", "RevisionLost", describeLost(revision));
  if (revision === undefined || !health) {
    if (progress.state === "waiting") return draft("Ready", "Unknown", "Waiting", progress.message);
    return draft("Ready", "Unknown", "Progressing", "nothing has been applied yet");
  }
  if (facts.contested.length > 0) return draft("Ready", "False", "Contested", describe(facts.contested));
  const unreverted = facts.reportOnly ? [] : facts.drift.filter(({ kept }) => !kept);
  if (unreverted.length > 0) return draft("Ready", "False", "Drifted", describe(unreverted));
  if (isSettled(health.status))
    return draft(
      "Ready",
      "True",
      "Synced",
      `${revision} is applied and ${describeSettled(health)}${describeRemark(health)}${describeRemarks(facts)}`,
    );
  if (health.status === "Degraded") return draft("Ready", "False", "Degraded", describeHealth(health));
  if (facts.drift.length > 0) return draft("Ready", "False", "Drifted", describe(facts.drift));
  if (facts.timedOut)
    return draft(
      "Ready",
      "False",
      "HealthTimeout",
      `objects did not become healthy within health.timeout: ${describeHealth(health)}`,
    );
  return draft("Ready", "Unknown", "Progressing", describeHealth(health));
}

function syncedCondition(facts: AppFacts): Draft {
  const { problem, progress, revision } = facts;
  if (problem)
    return draft(
      "Synced",
      revision === undefined && problem.stage === "Source" ? "Unknown" : "False",
      problem.reason,
      briefMessage(problem),
    );
  if (progress.state === "waiting") return draft("Synced", "False", "Waiting", progress.message);
  if (progress.state === "pending") return draft("Synced", "False", "Applying", progress.message);
  if (facts.drift.length > 0) return draft("Synced", "False", "Drifted", describe(facts.drift));
  if (revision === undefined) return draft("Synced", "Unknown", "Progressing", "nothing has been applied yet");
  if (facts.unlisted !== undefined) return draft("Synced", "Unknown", "Observing", facts.unlisted);
  const absent = facts.health?.absent ?? [];
  if (absent.length > 0) return draft("Synced", "False", "Applying", describeAbsent(absent));
  const behind = facts.paused.filter((one) => one.behind);
  if (behind.length > 0) return draft("Synced", "False", "ObjectPaused", describePaused(behind));
  return draft("Synced", "True", "Applied", `live objects match ${revision}`);
}

function healthyCondition({ health, revision, unlisted, timedOut }: AppFacts): Draft {
  if (!health && revision !== undefined) return draft("Healthy", "Unknown", "RevisionLost", describeLost(revision));
  if (!health) return draft("Healthy", "Unknown", "NotApplied", "nothing has been applied yet");
  if (unlisted !== undefined && health.status !== "Degraded") return draft("Healthy", "Unknown", "Observing", unlisted);
  if (health.status === "Healthy")
    return draft(
      "Healthy",
      "True",
      "Healthy",
      `${health.healthy} of ${health.objects} objects are healthy${describeRemark(health)}`,
    );
  if (health.status === "Suspended") return draft("Healthy", "True", "ObjectSuspended", describeHealth(health));
  if (health.status === "Degraded") return draft("Healthy", "False", "Degraded", describeHealth(health));
  if (timedOut)
    return draft(
      "Healthy",
      "False",
      "HealthTimeout",
      `objects did not become healthy within health.timeout: ${describeHealth(health)}`,
    );
  return draft("Healthy", "Unknown", health.status, describeHealth(health));
}

/** Returns the abnormal-true conditions: present only while True. */
function abnormal(facts: AppFacts, ready: Draft): Draft[] {
  const { problem, progress, drift, contested } = facts;
  const list: Draft[] = [];
  if (problem?.terminal) list.push(draft("Stalled", "True", problem.reason, briefMessage(problem)));
  else if (problem)
    list.push(draft("Reconciling", "True", "Retrying", withRetry({ ...problem, message: briefMessage(problem) })));
  else if (ready.status === "Unknown") list.push(draft("Reconciling", "True", ready.reason, ready.message));
  if (progress.state === "waiting") list.push(draft("Waiting", "True", progress.reason, progress.message));
  if (drift.length > 0) list.push(driftedCondition(facts));
  if (contested.length > 0) list.push(draft("Contested", "True", "TakenBack", describe(contested)));
  if (facts.paused.length > 0) list.push(draft("Paused", "True", "ObjectPaused", describePaused(facts.paused)));
  if (facts.pinned !== undefined) list.push(draft("Pinned", "True", "RolledBack", facts.pinned));
  if (facts.broken !== undefined) list.push(draft("BreakGlass", "True", "BreakGlass", facts.broken));
  if (facts.terminating !== undefined)
    list.push(draft("Terminating", "True", "DeletionPending", `still being deleted: ${facts.terminating}`));
  if (facts.limits.length > 0)
    list.push(draft("Limited", "True", "CoreLacks", `the destination has limitations: ${facts.limits.join("; ")}`));
  if (facts.backups !== undefined) list.push(draft("BackupFailed", "True", "NoCurrentBackup", listed(facts.backups)));
  return list;
}

function driftedCondition({ drift, driftChange, reportOnly, progress }: AppFacts): Draft {
  const isShown = progress.state === "waiting" && progress.reason === "SuspensionEnded";
  const reported = reportOnly || drift.every(({ kept }) => kept);
  const remedy = driftChange === undefined ? "" : `; approve Change ${driftChange} to revert this`;
  return draft(
    "Drifted",
    "True",
    reported ? "Reported" : isShown ? "SuspensionEnded" : "NotHealed",
    `${describe(drift)}${remedy}`,
  );
}

function draft(type: Draft["type"], status: Draft["status"], reason: Draft["reason"], message: string): Draft {
  return { type, status, reason, message };
}

/** Returns remarks for a True Ready: a newer revision that is waiting, and notes on the source. */
function describeRemarks({ progress, pinned, notes = 0 }: AppFacts): string {
  const rolledBack = pinned === undefined ? "" : `; ${pinned}`;
  const waiting = progress.state === "waiting" ? `; a newer revision is waiting: ${progress.message}` : "";
  return `${rolledBack}${waiting}${notes === 0 ? "" : `; ${notes} ${notes === 1 ? "note" : "notes"} on the source in status.notes`}`;
}

function describeRemark({ remark }: AppHealth): string {
  return remark === undefined ? "" : ` (${remark})`;
}

function describeLost(revision: string): string {
  return `${revision} is applied, but can no longer be fetched, or was rendered with other values of its ConfigMaps and Secrets: drift is not reverted and nothing is pruned until a newer revision is applied`;
}

/** Shortens a problem: only Ready has the full text. */
function briefMessage({ message, brief = message }: Problem): string {
  return cutMiddle(brief, MAX_SHORT);
}

function withRetry(problem: Problem): string {
  return problem.terminal ? problem.message : `${problem.message}; retrying automatically`;
}

/** The first few objects, those with the same note together: one sentence is never repeated. */
function describe(reports: readonly DriftReport[]): string {
  const sorted = [...reports].sort((a, b) => (a.object < b.object ? -1 : a.object > b.object ? 1 : 0));
  const objects = new Map<string, string[]>();
  for (const { object, note } of sorted.slice(0, 3)) objects.set(note, [...(objects.get(note) ?? []), object]);
  const shown = [...objects].map(([note, names]) => `${names.join(", ")}: ${note}`);
  return `${shown.join("; ")}${reports.length > 3 ? `; and ${reports.length - 3} more` : ""}`;
}

function describeAbsent(objects: readonly string[]): string {
  const shown = [...objects].sort().slice(0, 3);
  const more = objects.length > shown.length ? ` and ${objects.length - shown.length} more` : "";
  return `${shown.join(", ")}${more} ${objects.length === 1 ? "does" : "do"} not exist`;
}

function describePaused(reports: readonly PausedReport[]): string {
  const notes = reports.map(({ object, behind }) => ({
    object,
    note: behind ? "differs from Git" : "matches Git",
  }));
  return `not reconciled because of the annotation ${ANNOTATION_RECONCILE}: disabled: ${describe(notes)}`;
}

function describeSettled(health: AppHealth): string {
  return health.status === "Suspended" ? `healthy, except for what is suspended: ${describeHealth(health)}` : "healthy";
}

function describeHealth(health: AppHealth): string {
  const shown = health.problems.slice(0, 3).map(({ object, message }) => `${object} ${message}`);
  const more = health.objects - health.healthy - shown.length;
  return `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

/** Joins the first five texts, with the number of the others. */
function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).map((text) => cutMiddle(text, MAX_SHORT * 2));
  return texts.length > 5 ? `${shown.join("; ")}; and ${texts.length - 5} more` : shown.join("; ");
}
