import { mapLimit } from "../../../base/semaphore.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction, PreviewedWrite, WriteAction } from "../../../plan/actions.js";
import { difference } from "../../../plan/difference.js";
import { auditObjects } from "../audit.js";
import { openChangeFor } from "../changes/change-record.js";
import { observeApp } from "../observe.js";
import { withoutMoved } from "../ownership/moved.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { namespaceWrite, setNamespace } from "../sync/create-namespace.js";
import { withoutFinished } from "../sync/finished-jobs.js";
import { Holds } from "../sync/holds.js";
import { reportAdditions } from "./additions.js";
import { offerRevert, withdrawOffer } from "./drift-change.js";
import { backsOffBeforeHeal, backsOffBeforeRecreate, DELETED, FIND_OUT, noteRefusal } from "./heal-backoff.js";
import { emitObjectNotes, type ObjectNote } from "./object-notes.js";
import { reportPaused } from "./paused.js";
import { findReported, reportDrift } from "./reported-drift.js";

const PARALLEL = 8;
/** Delay until drift that a user has approved to revert is checked again, if nothing was restored. */
const RETRY_MS = 5_000;
/** Why an object had to be re-created, by the verb of the write. */
const CAUSE = {
  Recreate: "a field of it cannot be changed",
  Create: "it was deleted",
  Adopt: "its ownership metadata was changed",
  Update: "it differed from Git",
} as const;
/** Maximum number of DriftHealed Events per reconcile. */
const MAX_EVENTS = 5;
/** Named when managedFields do not identify the writer. */
const UNKNOWN_MANAGER = "an unknown client";

/**
 * Reverts drift to the last inputs that passed their gates, never to newer ones, also while newer ones wait at a gate or for a sync
 * window; only reports it if self-heal is off.
 * `withMissing` also re-creates deleted objects; false while a Change is about to create them. `isShownOnly`: nothing is reverted yet.
 */
export async function healDrift(run: AppRun, withMissing: boolean, isShownOnly = false): Promise<void> {
  if (!run.applied) return reportUnhealable(run);
  const { destination } = run;
  const observation = observeApp(run);
  const documents = withoutFinished(run, withoutMoved(run, run.applied.documents), observation);
  const diff = difference(documents, observation, (document) => destination.recordedHash(document));
  // An upgrade lies in between: what it makes of the same source is a Change, which has to pass its gates.
  const isUpgraded = run.applied.inputs.key !== run.status.applied?.key;
  const own = isSyncRequested(run) ? diff.writes : diff.writes.filter((write) => !isOfTool(run, write));
  const writes = isUpgraded ? own.filter((write) => wasDeleted(run, write)) : own;
  // An object absent from an incomplete list may exist.
  const known = observation.complete ? writes : writes.filter((write) => write.live !== undefined);
  const missing = withMissing ? known.filter(({ document }) => run.unwritten?.has(document.key) !== true) : [];
  if (diff.heals.length === 0 && missing.length === 0) run.memory.driftDetectedAt = undefined;
  if (isShownOnly) reportDrift(run, await findReported(run, diff.heals, missing));
  else if (run.app.spec.sync?.selfHeal === false && !isSyncRequested(run)) {
    await report(run, diff.heals, missing, observation.complete && withMissing);
  } else {
    if (diff.heals.length > 0 || missing.length > 0) await restore(run, diff.heals, missing);
    await withdrawOffer(run);
  }
  if (run.target.additions === "Report") reportAdditions(run, documents);
  reportPaused(run, diff.paused);
  reportContests(run, new Set(diff.paused.map(({ document }) => document.key)));
}

/** Reports whether a write would only take over fields of a deployment tool: that is for a Change, whose plan shows what is removed. */
function isOfTool({ destination }: AppRun, { document, live }: WriteAction): boolean {
  return live?.tool === true && live.documentHash === destination.recordedHash(document);
}

/** Reports whether an object is missing that was applied, as far as its kind tells: an upgrade may make objects of other kinds. */
function wasDeleted({ status }: AppRun, { verb, document: { id } }: WriteAction): boolean {
  return (
    verb === "Create" &&
    status.kinds?.some((text) => text.slice(text.indexOf(".") + 1) === `${id.group}/${id.kind}`) === true
  );
}

/** Reports whether a user has requested the sync that is in progress: it reverts drift although self-heal is off. */
function isSyncRequested(run: AppRun): boolean {
  const open = openChangeFor(run, run.status.applied);
  return open?.spec.requester !== undefined && open.spec.cause === "Sync";
}

/**
 * Reverts drift of the documents that newer inputs change. Otherwise a field written by another client would survive its removal
 * from Git, because that client owns it by then.
 */
export async function healBeforeChange(run: AppRun, desired: Rendered): Promise<void> {
  if (!run.applied || run.app.spec.sync?.selfHeal === false) return;
  const { destination } = run;
  const newest = new Map(desired.documents.map((document) => [document.key, document.hash]));
  const { heals } = difference(run.applied.documents, observeApp(run), (document) =>
    destination.recordedHash(document),
  );
  const affected = heals.filter(({ document, live }) => {
    const hash = newest.get(document.key);
    return live.state === "Drifted" && hash !== undefined && hash !== document.hash;
  });
  if (affected.length === 0) return;
  await restore(run, affected, []);
  // Drift that could not be reverted is evaluated again after the Change.
  run.drift = [];
}

/** Returns the number of objects that were restored. */
async function restore(run: AppRun, heals: readonly HealAction[], missing: readonly WriteAction[]): Promise<number> {
  const { clock } = run.services;
  const started = run.memory.driftDetectedAt ?? clock.monotonic();
  const healed = [...(await healAll(run, heals)), ...(await recreate(run, missing))];
  if (healed.length > 0) reportHealed(run, healed, started);
  await auditObjects(run, "heal", healed);
  // On abort, do not report drift that was not processed.
  run.signal.throwIfAborted();
  return healed.length;
}

function reportHealed(run: AppRun, healed: readonly string[], started: number): void {
  const { clock, observer } = run.services;
  run.memory.driftDetectedAt = undefined;
  observer.healed(healed.length, (clock.monotonic() - started) / 1000);
  run.logger.info("drift healed", { objects: healed });
  for (const what of healed.slice(0, MAX_EVENTS)) run.emitEvent("Normal", "DriftHealed", "Heal", what);
}

/** Applies each drifted object again. Returns descriptions of the objects that really changed. */
async function healAll(run: AppRun, actions: readonly HealAction[]): Promise<string[]> {
  const { destination } = run;
  const { clock } = run.services;
  const { ledger } = run.memory;
  const healed: string[] = [];
  const notes: ObjectNote[] = [];
  await mapLimit(actions, PARALLEL, async (action) => {
    if (run.signal.aborted) return;
    const { key, id } = action.document;
    const competitor = destination.describeDrift(run.target, action) ?? UNKNOWN_MANAGER;
    if (backsOffBeforeHeal(run, action, competitor)) return;
    const outcome = await destination.heal(run.target, action);
    ledger.verified(key, clock.monotonic());
    if (!outcome.ok) {
      noteRefusal(run, action, "restored", outcome);
      return;
    }
    ledger.accepted(key);
    notes.push(...outcome.notes.map((text) => ({ id, text })));
    if (!outcome.wrote) return;
    ledger.healed(key, competitor, clock.monotonic());
    healed.push(`${displayId(id)} restored (${competitor})`);
  });
  emitObjectNotes(run, notes);
  if (healed.length > 0) run.services.observer.drifted(healed.length);
  return healed;
}

/** Re-creates objects that were deleted or lost their ownership metadata. */
async function recreate(run: AppRun, writes: readonly WriteAction[]): Promise<string[]> {
  if (writes.length === 0 || !run.applied) return [];
  const { destination } = run;
  const { clock, observer } = run.services;
  const { ledger } = run.memory;
  const due = writes.filter((write) => !backsOffBeforeRecreate(run, write));
  const writing = [...(due.length === 0 ? [] : namespaceWrite(run.applied, due)), ...due];
  const preview = await destination.preview(run.target, writing, run.applied.documents, run.signal);
  const holds = new Holds(run, run.applied);
  const absent = new Set(writes.map(({ document }) => document.key));
  const recreated: string[] = [];
  for (const refused of preview.refused) {
    // The object belongs to another app now, so it is not missing.
    if (refused.owner !== undefined)
      ledger.refused(refused.action.document.key, "", refused.message, clock.monotonic());
    else noteRefusal(run, refused.action, "re-created", refused);
  }
  if (preview.deferred.length > 0) run.requeueAfter(1_000);
  let held = false;
  for (const write of preview.accepted) {
    if (run.signal.aborted) break;
    const { id, key } = write.action.document;
    const hold = holds.of(write.action, (other) => absent.has(other));
    if (hold) {
      held = true;
      run.requeueAfter(hold.leftMs);
      run.drift.push({ object: displayId(id), note: hold.message });
      continue;
    }
    const outcome = await destination.write(run.target, write);
    if (!outcome.ok) {
      noteRefusal(run, write.action, "re-created", outcome);
      // Without its objects it is tried again.
      if (write.action.document.shared) break;
      continue;
    }
    absent.delete(key);
    holds.written(write.action.document);
    ledger.accepted(key);
    ledger.healed(key, DELETED, clock.monotonic());
    recreated.push(describeRestored(write));
  }
  // The old namespace was still being deleted when it was judged, and another app has created the new one since.
  if (recreated.length > 0 && preview.refused.some(({ action }) => action.document.shared))
    await setNamespace(run, run.applied);
  // The next object that has to wait gets the full timeout.
  if (!held) run.memory.heldSince = undefined;
  observer.drifted(recreated.length);
  return recreated;
}

function describeRestored({ verb, action: { document, live } }: PreviewedWrite): string {
  const object = displayId(document.id);
  if (document.shared && verb === "Update") return `${object} restored (its labels or annotations were missing)`;
  if (live?.unfinished !== undefined) return `${object} restored (${live.unfinished})`;
  return `${object} re-created (${CAUSE[verb]})`;
}

/** Reports drift, and reverts what a user has approved. `whole`: all drift is known, so that a user can decide about it. */
async function report(
  run: AppRun,
  heals: readonly HealAction[],
  missing: readonly WriteAction[],
  whole: boolean,
): Promise<void> {
  const found = await findReported(run, heals, missing);
  const approved = whole ? await offerRevert(run, found) : [];
  reportDrift(
    run,
    found.filter((one) => !approved.includes(one)),
  );
  if (approved.length === 0) return;
  const keys = new Set(approved.map(({ write }) => write.document.key));
  const isApproved = ({ document }: HealAction | WriteAction): boolean => keys.has(document.key);
  const restored = await restore(run, heals.filter(isApproved), missing.filter(isApproved));
  // What is left is known from the next observation.
  run.requeueAfter(restored > 0 ? 0 : RETRY_MS);
}

/** Reports drift when the applied inputs are no longer available: nothing is reverted or pruned then. */
function reportUnhealable(run: AppRun): void {
  if (!run.status.applied) return;
  for (const live of observeApp(run).objects.values()) {
    if (live.ownership !== "Foreign" && live.state === "Drifted") {
      run.drift.push({
        object: displayId(live.id),
        note: `differs from ${run.status.applied.revision}, which can no longer be fetched`,
      });
    }
  }
}

/** Returns the remedy for a contested object, by the competing writer. */
function remedyFor(competitor: string): string {
  if (competitor.includes(".spec.replicas")) return "remove spec.replicas from Git and let the autoscaler set it";
  if (competitor === DELETED) return FIND_OUT;
  if (competitor.includes("caBundle")) return "remove caBundle from Git, since another controller injects it";
  if (competitor.includes(" added ")) return "add the field to Git, or stop the other writer";
  return "remove the field from Git, or stop the other writer";
}

/** Reports contested objects, except paused ones, and requeues the app for the time when each conflict counts as over. */
function reportContests(run: AppRun, paused: ReadonlySet<string>): void {
  const now = run.services.clock.monotonic();
  const contests = run.memory.ledger.contests(now).filter(({ key }) => !paused.has(key));
  for (const { key, competitor, heals, endsAt } of contests) {
    const [, kind = "", namespace = "", ...name] = key.split("/");
    const object = displayId({ kind, namespace, name: name.join("/") });
    const remedy = remedyFor(competitor);
    const [note, event] =
      competitor === DELETED
        ? [`deleted ${heals} times: ${remedy}`, `${object} is deleted repeatedly: ${remedy}`]
        : [
            `changed again after each of ${heals} restores (${competitor}): ${remedy}`,
            `${object} is changed again after each restore (${competitor}): ${remedy}`,
          ];
    run.contested.push({ object, note });
    run.emitEventOnce(`contest ${key}`, "Warning", "Contested", "Heal", event);
    run.requeueAfter(endsAt - now);
  }
  run.services.observer.contested(run.key, contests.length);
}
