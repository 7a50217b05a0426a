import type { Logger } from "../../base/logger.js";
import type { LiveObject } from "../../plan/live.js";
import { anyToPrune } from "../../plan/prune-guard.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import { requestedAt } from "../requested-at.js";
import { AppMemory } from "./app-memory.js";
import type { AppServices } from "./app-services.js";
import { openChangeFor, supersede } from "./changes/change-record.js";
import { finalize } from "./deletion/finalize.js";
import { ensureFinalizer } from "./deletion/finalizer.js";
import { healBeforeChange, healDrift } from "./drift/heal.js";
import { observeApp, prepareKinds } from "./observe.js";
import type { Problem } from "./outcome.js";
import { newestCommit } from "./ownership/apps-behind.js";
import { claimKey } from "./ownership/claims.js";
import type { Rendered } from "./rendered.js";
import { AppRun } from "./run.js";
import { authorize } from "./source/authorize.js";
import { isRefusedAsEmpty, noteEmptySource } from "./source/empty-source.js";
import { isProblem, repositoryKey } from "./source/locate-inputs.js";
import { emitSourceNotes } from "./source/notes.js";
import { renderApplied, renderDesired } from "./source/render.js";
import { recordOutcome } from "./status/record-outcome.js";
import { acknowledgeSuspended } from "./status/suspend.js";
import { syncToInputs } from "./sync/sync-to-inputs.js";

/** Keeps one app's objects as Git says: the phases of one reconcile, in order. */
export class OverseerAppReconciler {
  readonly #services: AppServices;

  constructor(services: AppServices) {
    this.#services = services;
  }

  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const app = this.#services.apps.get(key);
    if (!app) {
      this.#forget(key);
      return {};
    }
    const memory = this.#services.memories.get(key) ?? new AppMemory();
    this.#services.memories.set(key, memory);
    const destination = await this.#services.destinations.of(app);
    if (destination.connecting()) return {};
    const run = new AppRun(this.#services, destination, app, memory, logger, signal);
    if (app.metadata.deletionTimestamp) await finalize(run);
    else if (app.spec.suspend) await this.#suspended(run);
    else await this.#sync(run);
    return run.requeueAfterMs === undefined ? {} : { requeueAfterMs: run.requeueAfterMs };
  }

  /** Fetched → rendered → observed → planned, gated and applied → healed → recorded. */
  async #sync(run: AppRun): Promise<void> {
    freshStart(run);
    run.problem = authorize(run);
    if (run.problem) passOver(run);
    else {
      await ensureFinalizer(run);
      const desired = await renderDesired(run);
      if (notPolledYet(run, desired)) return;
      take(run, desired);
      emitSourceNotes(run);
      run.applied = await renderApplied(run);
      await prepareKinds(run);
      if (run.desired) await supersede(run, run.desired.inputs);
      if (isUnreachable(run)) return recordOutcome(run);
      const empty = run.desired !== undefined && isRefusedAsEmpty(run, run.desired);
      const syncing = run.desired !== undefined && !empty && needsChange(run, run.desired);
      if (syncing && run.desired) {
        await healBeforeChange(run, run.desired);
        await syncToInputs(run, run.desired);
      }
      await healDrift(run, !syncing || run.status.applied?.key !== run.desired?.inputs.key);
      noteEmptySource(run);
    }
    run.memory.keepRenders([run.desired?.inputs.key, run.status.applied?.key]);
    await recordOutcome(run);
  }

  /**
   * A suspended app writes nothing, but other apps have to know what it wants: an object that moved to its source is kept for it
   * instead of deleted.
   */
  async #suspended(run: AppRun): Promise<void> {
    if (authorize(run)) passOver(run);
    else {
      const desired = await renderDesired(run);
      if (!isProblem(desired)) claim(run, desired);
      noteRead(run, desired);
      run.memory.keepRenders([run.desired?.inputs.key, run.status.applied?.key]);
    }
    await acknowledgeSuspended(run);
  }

  #forget(key: string): void {
    const [namespace = "", name = ""] = key.split("/");
    this.#services.memories.delete(key);
    this.#services.claims.remove(key);
    this.#services.destinations.forget(key);
    this.#services.observer.contested(key, 0);
    this.#services.observer.forgotten(namespace, name);
  }
}

/** Somebody who asks for a reconcile does not want to wait for the end of a backoff. */
function freshStart(run: AppRun): void {
  const requested = requestedAt(run.app.metadata);
  if (requested === undefined || requested === run.app.status?.lastHandledReconcileAt) return;
  run.memory.retryOnRequest();
  run.memory.ledger.clear();
}

/** How long an app waits for the first poll of its repository before it says so. */
const FIRST_POLL_MS = 3_000;

/**
 * Right after a start no repository was polled yet: nothing to say, and nothing to do before it was. And who has just pushed a
 * folder makes an app for it before the next poll: for a path that is not there the repository is polled first.
 */
function notPolledYet(run: AppRun, desired: Rendered | Problem): boolean {
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

/** Whether the destination cannot be worked with right now; nothing is changed and nothing is healed then. */
function isUnreachable(run: AppRun): boolean {
  const unavailability = run.destination.unavailability();
  if (unavailability === undefined) return false;
  run.problem ??= { stage: "Destination", terminal: false, ...unavailability };
  run.progress = { state: "failed" };
  run.emitEventOnce("destination", "Warning", unavailability.reason, "Observe", unavailability.message);
  return true;
}

/**
 * Others may go by what this app wants of a commit from the moment in which its claims are known, and not earlier; or in which it
 * is known that they cannot be had before somebody changes something.
 */
function noteRead(run: AppRun, desired: Rendered | Problem): void {
  run.memory.reconciled = true;
  run.memory.claimsStale = isProblem(desired);
  const passed = isProblem(desired) && desired.terminal ? newestCommit(run.services, run.app) : undefined;
  run.memory.consideredCommit = run.locatedCommit ?? passed ?? run.memory.consideredCommit;
}

/** An app that may not write anything takes nothing from others: they do not wait for what it makes of a commit. */
function passOver(run: AppRun): void {
  run.services.claims.remove(run.key);
  run.memory.claimed = undefined;
  run.memory.reconciled = true;
  run.memory.consideredCommit = newestCommit(run.services, run.app) ?? run.memory.consideredCommit;
}

/** Records what the app wants now, or what keeps that from being known. */
function take(run: AppRun, desired: Rendered | Problem): void {
  if (isProblem(desired)) {
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
 * Whether there is anything to do that a Change is needed for: other inputs than the applied ones, a Change that did not
 * come to its end, or objects that Git does not want and that nobody decided to keep.
 */
function needsChange(run: AppRun, desired: Rendered): boolean {
  if (run.status.applied?.key !== desired.inputs.key) return true;
  const open = openChangeFor(run, desired.inputs.key);
  if (open && open.status?.phase !== "Verifying") return true;
  const prunes = run.app.spec.sync?.prune !== false;
  const wanted = new Set(desired.documents.map((document) => document.key));
  const pruneCandidates = [...observeApp(run).objects.values()].filter(
    ({ key }) => !wanted.has(key) && desired.skipped?.has(key) !== true,
  );
  return (
    (prunes && anyToPrune(pruneCandidates, desired.unread)) ||
    pruneCandidates.some((live) => isWantedElsewhere(run, live))
  );
}

/** Whether an object that this app does not want is to be another app's: also what would be kept is given away then. */
function isWantedElsewhere(run: AppRun, live: LiveObject): boolean {
  if (live.ownership !== "Owned" || live.deleting || live.paused) return false;
  return run.services.claims.claimants(claimKey(run, live.key), run.key).length > 0;
}
