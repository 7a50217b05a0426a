import type { Change } from "../../../api/change.js";
import { cutMessage } from "../../../api/conditions.js";
import { hasSameSource } from "../../../api/inputs.js";
import { isSettled, type OverseerAppStatus } from "../../../api/overseer-app.js";
import { shortRevision } from "../../../api/short-revision.js";
import { rfc3339 } from "../../../base/clock.js";
import { parseDuration } from "../../../base/duration.js";
import type { Observation } from "../../../plan/live.js";
import { requestedAt } from "../../requested-at.js";
import { describeBroken, judgeAcknowledgements } from "../changes/break-glass.js";
import { logProblem } from "../changes/change-log.js";
import { flushChange, openChangeFor, stageChange, trimHistory } from "../changes/change-record.js";
import { deletionStatus } from "../deletion/deletion-status.js";
import { summarizeTerminating, terminatingOf } from "../deletion/terminating.js";
import { withCurrentEnvironments } from "../gates/judge-change.js";
import { serverTime } from "../gates/server-time.js";
import { runPhase } from "../hooks/sync-phases.js";
import { observeApp } from "../observe.js";
import type { ChangeUpdate, Progress, SyncResult } from "../outcome.js";
import { withoutMoved } from "../ownership/moved.js";
import { promotionFields } from "../promotion/record-ledger.js";
import type { AppRun } from "../run.js";
import { countNotes, notesOfRun } from "../source/notes.js";
import { formatKind, parseKind } from "../source/resource-kinds.js";
import { elapsedSince } from "../sync/change-timer.js";
import { finishedDocuments, finishedStatus } from "../sync/finished-jobs.js";
import { stopChange } from "../sync/stopped-change.js";
import { type AppFacts, appConditions } from "./conditions.js";
import { type AppHealth, appHealth } from "./health.js";
import { withHealthReasons } from "./health-reasons.js";
import { holdsProgress } from "./hold-progress.js";
import { noteCommitReport } from "./note-commit-report.js";
import { logOutOfDate } from "./out-of-date.js";
import { parentApps } from "./parent-apps.js";
import { type StatusFields, writeStatus } from "./write-status.js";

/** Maximum delay in milliseconds until a promotion is judged again: timers are limited, and clocks are set. */
const MAX_DELAY_MS = 24 * 3_600_000;

/** Ends a reconcile: evaluates health, completes the Change if possible, and writes the status if it changed. */
export async function recordOutcome(run: AppRun): Promise<void> {
  const observation = await withHealthReasons(run, observeApp(run), isOverdue(run));
  const finished = finishedDocuments(run, run.applied?.documents ?? [], observation);
  const health =
    run.applied && run.status.applied
      ? appHealth(withoutMoved(run, run.applied.documents), observation, parentApps(run), finished)
      : undefined;
  const unlisted = whyUnlisted(run, observation);
  if (unlisted === undefined) run.memory.lastEmitted.delete("observe");
  else run.emitEventOnce("observe", "Warning", "Observing", "Observe", unlisted);
  const timedOut = await concludeChange(run, unlisted === undefined ? health : undefined);
  await judgeAcknowledgements(run);
  const terminating = await summarizeTerminating(run, terminatingOf(observation));
  const facts: AppFacts = {
    revision: run.status.applied?.revision,
    problem: run.problem,
    progress: shownProgress(run),
    drift: run.drift,
    driftChange: run.driftChange,
    contested: run.contested,
    paused: run.paused,
    pinned: describePin(run),
    broken: describeBroken(run),
    terminating,
    health,
    timedOut,
    reportOnly: run.app.spec.sync?.selfHeal === false,
    limits: run.destination.limits(),
    backups: observation.backups,
    incomplete: observation.incomplete,
    unlisted,
    notes: countNotes(notesOfRun(run)),
  };
  logProblem(run, run.problem);
  const { until } = run.promotion ?? {};
  if (until !== undefined) run.requeueAfter(Math.min(MAX_DELAY_MS, until - serverTime(run.services)));
  noteCommitReport(run, facts);
  run.services.failpoint("app:before-final-status");
  const fields = {
    ...statusFields(run, facts, observation),
    ...promotionFields(run, facts),
    ...finishedStatus(run, finished),
  };
  const drafts = appConditions(facts);
  if (holdsProgress(run, drafts)) return;
  const { conditions = [] } = await writeStatus(run, { fields, conditions: drafts });
  logOutOfDate(run, conditions);
}

/** Returns the progress of the newest inputs, which may wait for a promotion while everything else is done. */
function shownProgress({ progress, promotion, status }: AppRun): Progress {
  if (progress.state !== "done" || promotion?.why === undefined || status.pin !== undefined) return progress;
  return { state: "waiting", reason: "Promotion", message: promotion.why };
}

/** Describes a rollback that keeps the app at earlier inputs. */
function describePin({ status, newest }: AppRun): string | undefined {
  const { pin } = status;
  if (pin === undefined) return undefined;
  const at = shortRevision(pin.inputs.revision);
  const other = newest && newest.key !== pin.inputs.key ? ` (newest: ${shortRevision(newest.revision)})` : "";
  if (pin.requester === undefined)
    return `rolled back to ${at}, because Change ${pin.change} failed; newer inputs end this, or a Change of cause Sync`;
  return `rolled back to ${at} by Change ${pin.change} of ${pin.requester}; newer revisions${other} are not applied until a user creates a Change of cause Sync`;
}

/** Returns why desired objects cannot be listed: their last known state is unreliable. */
function whyUnlisted(run: AppRun, { unlisted = [] }: Observation): string | undefined {
  const desired = new Set(run.applied?.kinds.map(({ group, kind }) => `${group}/${kind}`));
  return unlisted.find(({ group, kind }) => desired.has(`${group}/${kind}`))?.message;
}

/** Returns the milliseconds left for the objects of an applied Change to become healthy. */
function timeLeft(run: AppRun, change: Change, { appliedTime }: Pick<ChangeUpdate, "appliedTime">): number {
  return (parseDuration(run.app.spec.health.timeout) ?? 0) - elapsedSince(run, change, "applied", appliedTime);
}

/** Reports whether the Change being verified has exceeded its health timeout. */
function isOverdue(run: AppRun): boolean {
  const change = run.staged ? undefined : openChangeFor(run, run.status.applied);
  return change?.status?.phase === "Verifying" && timeLeft(run, change, change.status) <= 0;
}

/** Completes the applied Change when all objects are healthy or the timeout has passed. Reports whether it timed out. */
async function concludeChange(run: AppRun, health: AppHealth | undefined): Promise<boolean> {
  const change = run.staged?.change ?? openChangeFor(run, run.status.applied);
  const now: ChangeUpdate = {
    ...change?.status,
    ...run.staged?.update,
    phase: run.staged?.update.phase ?? change?.status?.phase ?? "Planning",
  };
  if (!change || now.phase !== "Verifying") {
    if (change) await flushChange(run, change);
    return lastChangeTimedOut(run, health);
  }
  const begun = now.hooks?.some(({ phase }) => phase === "PostSync") === true;
  if (isSettled(health?.status) || begun) {
    const { change: written, result } = await runPhase(run, run.applied, change, "PostSync");
    if (result) await holdEnd(run, written, result);
    else await finish(run, written, now, { phase: "Succeeded" });
    return false;
  }
  elapsedSince(run, change, "started", now.startTime);
  const { timeout } = run.app.spec.health;
  const left = timeLeft(run, change, now);
  const terminal = health?.terminal;
  if (left > 0 && terminal === undefined) {
    run.requeueAfter(left);
    await flushChange(run, change);
    return false;
  }
  const worst = health?.problems[0];
  const late = `not healthy after ${timeout}: ${worst ? `${worst.object} ${worst.message}` : "the health of its objects is unknown"}`;
  const message = cutMessage(terminal ?? late);
  if (run.applied?.hooks?.some(({ spec }) => spec.phases.includes("SyncFail")))
    await holdEnd(run, change, await stopChange(run, run.applied, change, { message }, "HealthFailed"));
  else await finish(run, change, now, { phase: "Failed", message });
  return terminal === undefined;
}

/** Keeps the app from being Ready while the hooks after a sync run, or after one has failed. */
async function holdEnd(run: AppRun, change: Change, { progress, problem }: SyncResult): Promise<void> {
  run.progress = progress;
  run.problem = problem ?? run.problem;
  await flushChange(run, change);
}

/** Reports whether the last Change timed out and its objects are still not healthy. */
function lastChangeTimedOut(run: AppRun, health: AppHealth | undefined): boolean {
  if (health?.status !== "Progressing") return false;
  const last = run.services.changes.get(`${run.ref.namespace}/${run.status.change?.name ?? ""}`);
  return last?.status?.phase === "Failed" && hasSameSource(last.spec.inputs, run.status.applied);
}

async function finish(run: AppRun, change: Change, before: ChangeUpdate, end: ChangeUpdate): Promise<void> {
  elapsedSince(run, change, "started", before.startTime);
  stageChange(run, change, end);
  await flushChange(run, change);
  const succeeded = end.phase === "Succeeded";
  const revision = change.spec.inputs?.revision ?? "";
  const summary = before.summary ?? "+0 ~0 -0";
  if (succeeded) run.emitEvent("Normal", "Synced", "Sync", `${revision} is applied and healthy (${summary})`);
  else run.emitEvent("Warning", "HealthFailed", "Sync", `${revision}: ${end.message ?? ""}`);
  if (!succeeded && run.app.spec.health.rollbackOnFailure) run.requeueAfter(0);
  await trimHistory(run);
}

function statusFields(run: AppRun, facts: AppFacts, observation: Observation): StatusFields {
  const { applied, changes, change, lastHandledReconcileAt, settings } = run.status;
  const { environments } = withCurrentEnvironments(run);
  const requested = requestedAt(run.app.metadata) ?? lastHandledReconcileAt;
  const newest = run.desired?.inputs;
  const attempted = newest && newest.key !== applied?.key ? newest : undefined;
  const retry = run.memory.retry;
  const failing = run.progress.state === "failed" && retry !== undefined;
  return {
    ...(applied ? { applied, shortRevision: shortRevision(applied.revision) } : {}),
    ...(attempted ? { attempted } : {}),
    ...(run.status.pin ? { pin: run.status.pin } : {}),
    ...(environments ? { environments } : {}),
    ...(settings ? { settings } : {}),
    ...(facts.health
      ? {
          health: facts.timedOut && !isSettled(facts.health.status) ? "Degraded" : facts.health.status,
          counts: { objects: facts.health.objects, healthy: facts.health.healthy },
          ...(facts.health.problems.length > 0 ? { problems: [...facts.health.problems] } : {}),
        }
      : {}),
    ...notesOfRun(run),
    ...kindsInUse(run, observation),
    ...deletionStatus(run.status, run.applied),
    ...(change ? { change } : {}),
    ...(changes === undefined ? {} : { changes }),
    ...(failing
      ? { failures: retry.failures, ...(retry.terminal ? {} : { nextRetryTime: rfc3339(retry.nextAt) }) }
      : {}),
    ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
  };
}

/**
 * Returns the kinds that the app desires or still has. A kind is removed only when complete lists contain no object of it. The objects of a
 * kind that is not served may exist, and be seen when it is served again.
 */
function kindsInUse(run: AppRun, observation: Observation): Pick<OverseerAppStatus, "kinds"> {
  const recorded = run.status.kinds ?? [];
  if (recorded.length === 0) return {};
  if (!observation.complete || run.progress.state !== "done" || !run.applied) return { kinds: recorded };
  const used = new Set(run.applied.kinds.map((kind) => `${kind.group}/${kind.kind}`));
  for (const live of observation.objects.values()) used.add(`${live.id.group}/${live.id.kind}`);
  const served = new Set(recorded.filter((text) => isServed(run, text)).map(withoutVersion));
  if (run.applied.inputs.key !== run.status.applied?.key) return { kinds: recorded };
  const kinds = recorded
    .map((text) => [text, withoutVersion(text)] as const)
    .flatMap(([text, kind]) => (used.has(kind) || !served.has(kind) ? [text] : []));
  return { kinds: [...new Set([...kinds, ...run.applied.kinds.map(formatKind)])].sort() };
}

function isServed(run: AppRun, text: string): boolean {
  const kind = parseKind(text);
  return kind === undefined || run.destination.scopeOf(kind) !== undefined;
}

/** Returns group and kind: a version that is not served any more counts as served by another one. */
function withoutVersion(text: string): string {
  return text.slice(text.indexOf(".") + 1);
}
