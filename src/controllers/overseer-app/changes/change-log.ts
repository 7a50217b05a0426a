import { type ChangePhase, type ChangeStatus, isFinal } from "../../../api/change.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";
import { repositoryKey } from "../source/locate-inputs.js";
import { isOpen } from "./known-change.js";

/** The part of a Change that is logged. */
interface LoggedChange {
  readonly metadata: { readonly uid: string; readonly name: string };
  readonly spec: {
    readonly cause?: string;
    readonly inputs?: { readonly revision?: string; readonly commit?: string } | undefined;
  };
}

/** Phases logged at info, with their message. Other phases are transient. */
const MESSAGES: Readonly<Partial<Record<ChangePhase, string>>> = {
  Waiting: "change is waiting",
  Succeeded: "change succeeded",
  Failed: "change failed",
  Rejected: "change was rejected",
  Superseded: "change was superseded",
  Planned: "change was planned",
};
/** Phases that require attention. */
const BAD: ReadonlySet<ChangePhase> = new Set(["Failed", "Rejected"]);
/** Maximum number of distinct failures remembered per app, so that each is logged once. */
const MAX_REMEMBERED = 32;

/** Logs and counts a phase change: one line for each Change that ends or starts to wait. */
export function logChange(run: AppRun, change: LoggedChange, before: ChangeStatus, now: ChangeStatus): void {
  const { phase } = now;
  observeGates(run, before, now);
  if (phase === undefined || phase === before.phase || isFinal(before.phase)) return;
  const message = MESSAGES[phase];
  const ended = isFinal(phase);
  const seconds = secondsOf(run, change, now);
  if (ended) {
    run.memory.loggedProblems.clear();
    const leadSeconds = phase === "Succeeded" ? leadSecondsOf(run, change) : undefined;
    run.services.observer.changeEnded(run.ref, { phase, seconds, leadSeconds, actions: countsOf(now.summary) });
  }
  const level = message === undefined ? "debug" : BAD.has(phase) ? "warn" : "info";
  run.logger[level](message ?? "change is in progress", {
    app: run.key,
    change: change.metadata.name,
    revision: change.spec.inputs?.revision,
    cause: change.spec.cause,
    ...(ended ? { result: phase } : { phase }),
    reason: now.message ?? now.waitingFor,
    ...countsOf(now.summary),
    attempts: now.attempts,
    ...(ended ? { seconds } : {}),
  });
}

/**
 * Logs and counts the problem of an app: once per distinct failure, not once per attempt. Also logs the recovery.
 */
export function logProblem(run: AppRun, problem: Problem | undefined): void {
  const { loggedProblems } = run.memory;
  if (problem === undefined) {
    if (loggedProblems.size === 0 || run.progress.state !== "done") return;
    // The end of the Change will be logged.
    if ([...run.services.changes.of(run.key)].some(isOpen)) return;
    loggedProblems.clear();
    run.logger.info("app recovered", { app: run.key, revision: run.status.applied?.revision });
    return;
  }
  // Numbers in messages of the API server differ between attempts.
  const signature = `${problem.stage} ${problem.reason} ${problem.message.replace(/\d+/g, "#")}`;
  if (loggedProblems.has(signature)) return;
  loggedProblems.add(signature);
  if (loggedProblems.size > MAX_REMEMBERED) loggedProblems.delete([...loggedProblems][0] ?? "");
  run.services.observer.syncFailed(run.ref, problem.reason);
  run.logger.warn("sync failed", {
    app: run.key,
    change: run.desired === undefined ? undefined : run.status.change?.name,
    revision: run.desired?.inputs.revision,
    stage: problem.stage,
    reason: problem.reason,
    error: problem.message,
    retries: !problem.terminal,
  });
}

/** Logs what blocks the deletion of an app, once per cause. */
export function logDeletionWaits(run: AppRun, message: string): void {
  const { loggedProblems } = run.memory;
  if (loggedProblems.has(message)) return;
  loggedProblems.clear();
  loggedProblems.add(message);
  run.logger.info("app deletion is waiting", { app: run.key, reason: message });
}

/** Returns the seconds since a Change started: by the monotonic clock if this process saw the start, else by its status. */
function secondsOf(run: AppRun, change: LoggedChange, { startTime, completionTime }: ChangeStatus): number {
  const { moments } = run.memory;
  const started = moments?.change === change.metadata.uid ? moments.at.get("started") : undefined;
  const { clock } = run.services;
  const ms =
    started === undefined
      ? Date.parse(completionTime ?? "") - Date.parse(startTime ?? "")
      : clock.monotonic() - started;
  return Math.max(0, Number.isNaN(ms) ? 0 : Math.round(ms) / 1000);
}

/** Returns the seconds since the commit of a Change; undefined if another ref than that of the repository is used. */
function leadSecondsOf({ app, services }: AppRun, { spec }: LoggedChange): number | undefined {
  if (spec.cause !== "Revision") return undefined;
  const commit = services.repositories.get(repositoryKey(app))?.status?.commit;
  if (commit === undefined || commit.id !== spec.inputs?.commit) return undefined;
  const ms = services.clock.now() - Date.parse(commit.time);
  return Number.isNaN(ms) ? undefined : Math.max(0, ms / 1000);
}

/** Observes how long the gates that have opened have held a Change. Gates of a Change that ends open with it. */
function observeGates({ services }: AppRun, before: ChangeStatus, now: ChangeStatus): void {
  for (const { name, state, since } of before.gates ?? []) {
    if (state !== "Wait" || since === undefined || isFinal(before.phase)) continue;
    const after = now.gates?.find((gate) => gate.name === name);
    if (after?.state === "Wait" && !isFinal(now.phase)) continue;
    services.observer.gateOpened(name, Math.max(0, (services.clock.now() - Date.parse(since)) / 1000));
  }
}

/** Parses a summary such as `+1 ~2 -3`. */
function countsOf(summary: string | undefined): { created: number; updated: number; deleted: number } | undefined {
  const [, created, updated, deleted] = /^\+(\d+) ~(\d+) -(\d+)$/.exec(summary ?? "") ?? [];
  if (created === undefined) return undefined;
  return { created: Number(created), updated: Number(updated), deleted: Number(deleted) };
}
