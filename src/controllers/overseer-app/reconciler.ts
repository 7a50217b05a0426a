import { isSuspended } from "../../api/suspension.js";
import { linkedAbort } from "../../base/abort.js";
import { rfc3339 } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { LiveObject } from "../../plan/live.js";
import { anyToPrune } from "../../plan/prune-guard.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import { requestedAt } from "../requested-at.js";
import { AppMemory } from "./app-memory.js";
import type { AppServices } from "./app-services.js";
import { openChangeFor, removeApprovals, supersede, supersedeUnrendered } from "./changes/change-record.js";
import { rejectOrphans } from "./changes/orphans.js";
import { rejectRequests, takeRequests, takeRollbacks } from "./changes/requests.js";
import { prepareRollback } from "./changes/rollbacks.js";
import { finalize } from "./deletion/finalize.js";
import { ensureFinalizer } from "./deletion/finalizer.js";
import { healBeforeChange, healDrift } from "./drift/heal.js";
import { noteSettings } from "./gates/settings.js";
import { stopHooks } from "./hooks/stop-hooks.js";
import { observeApp, prepareKinds } from "./observe.js";
import type { Problem } from "./outcome.js";
import { newestCommit } from "./ownership/apps-behind.js";
import { claimKey } from "./ownership/claims.js";
import type { Rendered } from "./rendered.js";
import { AppRun } from "./run.js";
import { authorize } from "./source/authorize.js";
import { emptySourceProblem, isRefusedAsEmpty } from "./source/empty-source.js";
import { isProblem, repositoryKey } from "./source/locate-inputs.js";
import { emitSourceNotes } from "./source/notes.js";
import { keepRenders, renderApplied } from "./source/render.js";
import { renderDesired } from "./source/render-desired.js";
import { specProblem } from "./source/spec-problem.js";
import { appliedCommitOf } from "./status/applied-commit.js";
import { dropUnsignedLedger } from "./status/ledger-signature.js";
import { recordOutcome } from "./status/record-outcome.js";
import { dropUnsigned } from "./status/signature.js";
import { showsBeforeGoingOn, suspendedOutcome } from "./status/suspend.js";
import { writeStatus } from "./status/write-status.js";
import { lastStopped, notWritten } from "./sync/stopped-change.js";
import { syncToInputs } from "./sync/sync-to-inputs.js";

/** Reconciles an OverseerApp: runs the phases of one reconcile in order. */
export class OverseerAppReconciler {
  readonly #services: AppServices;

  constructor(services: AppServices) {
    this.#services = services;
  }

  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const app = this.#services.apps.get(key);
    if (!app) {
      // What cannot be read is not deleted.
      if (this.#services.apps.isUnreadable(key)) return {};
      await rejectOrphans(this.#services, key);
      await removeApprovals(this.#services, key);
      this.#forget(key);
      return {};
    }
    const memory = this.#services.memories.get(key) ?? new AppMemory();
    this.#services.memories.set(key, memory);
    this.#services.waiting.clear(key);
    const stop = linkedAbort(signal);
    memory.interrupt = () => stop.abort(new Error("the app was suspended"));
    try {
      const destination = await this.#services.destinations.of(app);
      stop.signal.throwIfAborted();
      if (destination.connecting()) return {};
      const run = new AppRun(this.#services, destination, app, memory, logger, stop.signal);
      dropUnsigned(run);
      dropUnsignedLedger(run);
      noteSettings(run);
      if (app.metadata.deletionTimestamp) await this.#delete(run);
      else if (isSuspended(app.spec, this.#services.clock.now())) await this.#suspended(run);
      else await this.#sync(run);
      return run.requeueAfterMs === undefined ? {} : { requeueAfterMs: run.requeueAfterMs };
    } catch (error) {
      if (!stop.signal.aborted || signal.aborted) throw error;
      logger.info("stopped between two writes, because the app was suspended");
      return {};
    } finally {
      memory.interrupt = undefined;
      stop.release();
      // A Change that has begun is recorded by now.
      this.#services.rollout.release(key);
    }
  }

  async #delete(run: AppRun): Promise<void> {
    await rejectRequests(run, "the app is being deleted");
    const outcome = await finalize(run);
    if (outcome) await writeStatus(run, outcome);
  }

  /** Fetch → render → observe → plan, gate and apply → heal → record. */
  async #sync(run: AppRun): Promise<void> {
    resetBackoffOnRequest(run);
    run.problem = authorize(run);
    if (run.problem) {
      skipUnauthorized(run);
      await rejectRequests(run, run.problem.message);
    } else {
      await ensureFinalizer(run);
      await takeRollbacks(run);
      await prepareRollback(run);
      const desired = specProblem(run) ?? (await renderDesired(run));
      if (notPolledYet(run, desired)) return;
      recordDesired(run, desired);
      emitSourceNotes(run);
      run.applied = await renderApplied(run);
      await prepareKinds(run);
      if (run.desired) await supersede(run, run.desired.inputs);
      else if (run.problem) await supersedeUnrendered(run, run.problem);
      await stopHooks(run);
      if (isUnreachable(run)) return recordOutcome(run);
      await takeRequests(run);
      const empty = run.desired !== undefined && isRefusedAsEmpty(run, run.desired);
      const shownMs = showsBeforeGoingOn(run);
      if (shownMs !== undefined) showOnly(run, shownMs);
      const syncing = shownMs === undefined && run.desired !== undefined && !empty && needsChange(run, run.desired);
      if (syncing && run.desired) {
        await healBeforeChange(run, run.desired);
        const { progress, problem } = await syncToInputs(run, run.desired);
        run.progress = progress;
        run.problem = problem ?? run.problem;
        await stopHooks(run);
      }
      const restores = !syncing || run.unwritten !== undefined || run.status.applied?.key !== run.desired?.inputs.key;
      run.unwritten ??= notWritten(run);
      await healDrift(run, restores, shownMs !== undefined);
      if (run.progress.state === "done") run.problem ??= emptySourceProblem(run);
    }
    keepRenders(run);
    await recordOutcome(run);
    noteApplied(run);
  }

  /**
   * A suspended app writes nothing, but publishes its claims: an object that moved to its source is kept instead of deleted.
   */
  async #suspended(run: AppRun): Promise<void> {
    if (authorize(run)) skipUnauthorized(run);
    else {
      const desired = await renderDesired(run);
      if (desired !== undefined && !isProblem(desired)) claim(run, desired);
      noteRead(run, desired);
      keepRenders(run);
    }
    await rejectRequests(run, "the app is suspended: set spec.suspend to false, and request the sync again");
    await writeStatus(run, suspendedOutcome(run));
  }

  #forget(key: string): void {
    const [namespace = "", name = ""] = key.split("/");
    this.#services.memories.delete(key);
    this.#services.claims.remove(key);
    this.#services.waiting.clear(key);
    this.#services.destinations.forget(key);
    this.#services.values.forget(key);
    this.#services.secretStores.forget(key);
    this.#services.observer.contested(key, 0);
    this.#services.observer.forgotten(namespace, name);
  }
}

/** Ends all backoffs when a user requests a reconcile. */
function resetBackoffOnRequest(run: AppRun): void {
  const requested = requestedAt(run.app.metadata);
  if (requested === undefined || requested === run.app.status?.lastHandledReconcileAt) return;
  run.memory.retryOnRequest();
  run.memory.released = run.services.changes.get(`${run.ref.namespace}/${run.status.change?.name ?? ""}`)?.metadata.uid;
  run.memory.ledger.clear();
}

/** Time to wait for the first poll of the repository before reporting a problem. */
const FIRST_POLL_MS = 3_000;

/**
 * Reports whether the app has to wait for a poll: right after a start no repository has been polled yet, and a new app may name
 * a folder that was pushed after the last poll.
 */
function notPolledYet(run: AppRun, desired: Rendered | Problem | undefined): boolean {
  if (desired === undefined) return false;
  const isNew = run.app.status?.observedGeneration !== run.app.metadata.generation;
  const missesPath = isProblem(desired) && desired.reason === "PathNotFound" && isNew;
  if (missesPath && run.memory.sourceAwaitedSince === undefined) run.services.pollNow(repositoryKey(run.app));
  const waiting = (isProblem(desired) && desired.reason === "RepositoryNotReady") || missesPath;
  const { clock } = run.services;
  run.memory.sourceAwaitedSince = waiting ? (run.memory.sourceAwaitedSince ?? clock.monotonic()) : undefined;
  if (run.memory.sourceAwaitedSince === undefined) return false;
  const left = run.memory.sourceAwaitedSince + FIRST_POLL_MS - clock.monotonic();
  if (left > 0) run.requeueAfter(left);
  return left > 0;
}

/** Reports whether the destination is unavailable; then nothing is applied or healed. */
function isUnreachable(run: AppRun): boolean {
  const unavailability = run.destination.unavailability();
  if (unavailability === undefined) return false;
  run.problem ??= { stage: "Destination", terminal: false, ...unavailability };
  run.progress = { state: "failed" };
  run.emitEventOnce("destination", "Warning", unavailability.reason, "Observe", unavailability.message);
  return true;
}

/**
 * Marks the commit as processed. Must follow the publication of claims, because other apps prune by it; a terminal problem also
 * counts, because no claims can follow until a user changes something.
 */
function noteRead(run: AppRun, desired: Rendered | Problem | undefined): void {
  run.memory.reconciled = true;
  const problem = desired !== undefined && isProblem(desired) ? desired : undefined;
  run.memory.claimsStale = problem !== undefined;
  const passed = problem?.terminal ? newestCommit(run.services, run.app) : undefined;
  run.memory.consideredCommit = run.headCommit ?? passed ?? run.memory.consideredCommit;
}

/** Notes that the app has applied the newest commit, after its status says so: other apps may wait for the same commit. */
function noteApplied(run: AppRun): void {
  const { memory } = run;
  const commit = appliedCommitOf(run);
  if (commit === memory.appliedCommit) return;
  memory.appliedCommit = commit;
  if (commit !== undefined) run.services.onApplied(run.key);
}

/** Marks the commit as processed for an app without permission to write: it claims nothing, and other apps do not wait for it. */
function skipUnauthorized(run: AppRun): void {
  run.services.claims.remove(run.key);
  run.memory.claimed = undefined;
  run.memory.reconciled = true;
  run.memory.consideredCommit = newestCommit(run.services, run.app) ?? run.memory.consideredCommit;
}

/** After a suspension that has ended by itself, only shows drift for a while, so that users see what is reverted, and can suspend the app again. */
function showOnly(run: AppRun, shownMs: number): void {
  run.requeueAfter(shownMs);
  const at = rfc3339(run.services.clock.now() + shownMs);
  const message = `the suspension has ended: drift is shown, and is reverted from ${at}; to keep it, suspend the app again`;
  run.emitEventOnce(
    "suspension",
    "Warning",
    "SuspensionEnded",
    "Sync",
    `the suspension has ended at ${run.app.spec.suspendUntil}: drift is shown for one minute before it is reverted`,
  );
  if (run.problem === undefined) run.progress = { state: "waiting", reason: "SuspensionEnded", message };
}

/** Records the desired documents, or the problem that prevents rendering them. */
function recordDesired(run: AppRun, desired: Rendered | Problem | undefined): void {
  if (desired === undefined) {
    run.progress = { state: "waiting", reason: "Promotion", message: run.promotion?.why ?? "nothing is promoted yet" };
  } else if (isProblem(desired)) {
    run.problem = desired;
    run.progress = { state: "failed" };
    if (desired.stage === "Render" || desired.terminal)
      run.emitEventOnce("sync", "Warning", desired.reason, "Render", desired.brief ?? desired.message);
  } else claim(run, desired);
  noteRead(run, desired);
}

function claim(run: AppRun, desired: Rendered): void {
  run.desired = desired;
  const { memory, destination } = run;
  if (memory.claimed?.by === desired && memory.claimed.at === destination.id) return;
  memory.claimed = { by: desired, at: destination.id };
  run.services.claims.set(
    run.key,
    desired.documents.map((document) => claimKey(run, document.key)),
  );
}

/**
 * Reports whether a Change is needed: for inputs other than the applied ones, an open Change, or objects to prune or transfer.
 */
function needsChange(run: AppRun, desired: Rendered): boolean {
  if (run.status.applied?.key !== desired.inputs.key) return true;
  const open = openChangeFor(run, desired.inputs);
  if (open && open.status?.phase !== "Verifying") return true;
  if (!open && lastStopped(run, desired.inputs)) return true;
  const prunes = run.app.spec.sync?.prune !== false;
  const desiredKeys = new Set(desired.documents.map((document) => document.key));
  const pruneCandidates = [...observeApp(run).objects.values()].filter(
    ({ key }) => !desiredKeys.has(key) && desired.skipped?.has(key) !== true,
  );
  return (
    (prunes && anyToPrune(pruneCandidates, desired.unread)) ||
    pruneCandidates.some((live) => isClaimedElsewhere(run, live))
  );
}

/** Reports whether another app claims an object that this one no longer desires: it is transferred even if it would be kept. */
function isClaimedElsewhere(run: AppRun, live: LiveObject): boolean {
  if (live.ownership !== "Owned" || live.deleting || live.paused) return false;
  return run.services.claims.claimants(claimKey(run, live.key), run.key).length > 0;
}
