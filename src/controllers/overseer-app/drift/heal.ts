import { mapLimit } from "../../../base/semaphore.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction, WriteAction } from "../../../plan/actions.js";
import { difference } from "../../../plan/difference.js";
import { observeApp } from "../observe.js";
import type { DriftReport } from "../outcome.js";
import { withoutMoved } from "../ownership/moved.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { withoutFinished } from "../sync/finished-jobs.js";
import { Holds } from "../sync/holds.js";
import { backsOffBeforeHeal, backsOffBeforeRecreate, DELETED, FIND_OUT, noteRefusal } from "./heal-backoff.js";
import { emitObjectNotes, type ObjectNote } from "./object-notes.js";
import { reportPaused } from "./paused.js";

const PARALLEL = 8;
/** Why an object had to be made again, by what it took. */
const HOW = {
  Create: "it was deleted",
  Adopt: "its ownership metadata was changed",
  Update: "it differed from Git",
} as const;
/** Heals of one reconcile that have an Event each. */
const MAX_EVENTS = 5;
/** Who is named when the managed fields do not tell. */
const UNKNOWN_MANAGER = "an unknown client";

/**
 * Puts back what others changed, to the last inputs that passed their gates and never to newer ones; or reports it, where
 * the app does not heal. `withMissing`: make deleted objects again (not while a Change is on its way to make them).
 */
export async function healDrift(run: AppRun, withMissing: boolean): Promise<void> {
  if (!run.applied) return reportUnhealable(run);
  const { destination } = run;
  const observation = observeApp(run);
  const documents = withoutFinished(run, withoutMoved(run, run.applied.documents), observation);
  const diff = difference(documents, observation, (document) => destination.recordedHash(document));
  // What is absent from a list that is not whole may be there all the same.
  const known = observation.complete ? diff.writes : diff.writes.filter((write) => write.live !== undefined);
  const missing = withMissing ? known : [];
  if (diff.heals.length === 0 && missing.length === 0) run.memory.driftDetectedAt = undefined;
  else if (run.app.spec.sync?.selfHeal === false) await report(run, diff.heals, missing);
  else await putBack(run, diff.heals, missing);
  reportPaused(run, diff.paused);
  reportContests(run, new Set(diff.paused.map(({ document }) => document.key)));
}

/**
 * Puts back what drifted of the documents that newer inputs change. What somebody wrote over a field would otherwise outlast
 * the removal of this field from Git, as it is his by then.
 */
export async function healBeforeChange(run: AppRun, desired: Rendered): Promise<void> {
  if (!run.applied || run.app.spec.sync?.selfHeal === false) return;
  const { destination } = run;
  const wanted = new Map(desired.documents.map((document) => [document.key, document.hash]));
  const { heals } = difference(run.applied.documents, observeApp(run), (document) =>
    destination.recordedHash(document),
  );
  const affected = heals.filter(({ document, live }) => {
    const hash = wanted.get(document.key);
    return live.state === "Drifted" && hash !== undefined && hash !== document.hash;
  });
  if (affected.length === 0) return;
  await putBack(run, affected, []);
  // What could not be put back is looked at anew after the change.
  run.drift = [];
}

async function putBack(run: AppRun, heals: readonly HealAction[], missing: readonly WriteAction[]): Promise<void> {
  const { clock } = run.services;
  const started = run.memory.driftDetectedAt ?? clock.monotonic();
  const healed = [...(await healAll(run, heals)), ...(await recreate(run, missing))];
  if (healed.length > 0) reportHealed(run, healed, started);
  // What is left drifted is no state to be told of.
  run.signal.throwIfAborted();
}

function reportHealed(run: AppRun, healed: readonly string[], started: number): void {
  const { clock, observer } = run.services;
  run.memory.driftDetectedAt = undefined;
  observer.healed(healed.length, (clock.monotonic() - started) / 1000);
  run.logger.info("drift healed", { objects: healed });
  for (const what of healed.slice(0, MAX_EVENTS)) run.emitEvent("Normal", "DriftHealed", "Heal", what);
}

/** Applies each drifted object again. Gives what was really changed, for people. */
async function healAll(run: AppRun, actions: readonly HealAction[]): Promise<string[]> {
  const { destination } = run;
  const { clock } = run.services;
  const { ledger } = run.memory;
  const healed: string[] = [];
  const notes: ObjectNote[] = [];
  await mapLimit(actions, PARALLEL, async (action) => {
    if (run.signal.aborted) return;
    const { key, id } = action.document;
    const competitor = destination.describeDrift(action) ?? UNKNOWN_MANAGER;
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

/** Makes objects again that were deleted, or whose marks were removed. */
async function recreate(run: AppRun, writes: readonly WriteAction[]): Promise<string[]> {
  if (writes.length === 0 || !run.applied) return [];
  const { destination } = run;
  const { clock, observer } = run.services;
  const { ledger } = run.memory;
  const due = writes.filter((write) => !backsOffBeforeRecreate(run, write));
  const preview = await destination.preview(run.target, due, run.applied.documents, run.signal);
  const holds = new Holds(run, run.applied);
  const absent = new Set(writes.map(({ document }) => document.key));
  const made: string[] = [];
  for (const refused of preview.refused) {
    // Another app's by now: it is not missing.
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
      continue;
    }
    absent.delete(key);
    holds.written(write.action.document);
    ledger.accepted(key);
    ledger.healed(key, DELETED, clock.monotonic());
    const { unfinished } = write.action.live ?? {};
    made.push(
      unfinished === undefined
        ? `${displayId(id)} re-created (${HOW[write.verb]})`
        : `${displayId(id)} restored (${unfinished})`,
    );
  }
  // The next object that has to wait has its own time.
  if (!held) run.memory.heldSince = undefined;
  observer.drifted(made.length);
  return made;
}

/** For an app that does not heal: looks whether the objects really differ, and says so. */
async function report(run: AppRun, heals: readonly HealAction[], missing: readonly WriteAction[]): Promise<void> {
  const { destination } = run;
  const { observer } = run.services;
  const reports: DriftReport[] = missing.map((write) => ({
    object: displayId(write.document.id),
    note: noteOfWrite(write),
  }));
  for (const action of heals) {
    const known = action.live.state === "Drifted" ? destination.describeDrift(action) : undefined;
    const verdict = known === undefined ? await destination.verify(run.target, action) : { drifted: true, diff: [] };
    if (!verdict.drifted) continue;
    const paths = verdict.diff
      .slice(0, 5)
      .map((change) => change.path)
      .join(", ");
    reports.push({
      object: displayId(action.document.id),
      note: known ?? destination.describeDrift(action) ?? (paths || "differs from Git"),
    });
  }
  run.drift.push(...reports);
  if (reports.length === 0) return;
  if (!run.status.conditions?.some((condition) => condition.type === "Drifted")) observer.drifted(reports.length);
}

function noteOfWrite({ live }: WriteAction): string {
  if (live === undefined) return "does not exist";
  return live.unfinished ?? "its ownership metadata was changed";
}

/** The applied inputs cannot be had any more: nothing is healed and nothing pruned, but what drifted is said. */
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

/** What ends a fight, by what it is about. */
function remedyFor(competitor: string): string {
  if (competitor.includes(".spec.replicas")) return "remove spec.replicas from Git and let the autoscaler set it";
  if (competitor === DELETED) return FIND_OUT;
  if (competitor.includes("caBundle")) return "remove caBundle from Git, since another controller injects it";
  return "remove the field from Git, or stop the other writer";
}

/** Says which objects are fought over, and looks again when the fight counts as over. Nobody fights over what is left as it is. */
function reportContests(run: AppRun, paused: ReadonlySet<string>): void {
  const now = run.services.clock.monotonic();
  const contests = run.memory.ledger.contests(now).filter(({ key }) => !paused.has(key));
  for (const { key, competitor, heals, endsAt } of contests) {
    const [, kind = "", namespace = "", ...name] = key.split("/");
    const object = displayId({ kind, namespace, name: name.join("/") });
    const remedy = remedyFor(competitor);
    const [note, told] =
      competitor === DELETED
        ? [`deleted ${heals} times: ${remedy}`, `${object} is deleted repeatedly: ${remedy}`]
        : [
            `changed again after each of ${heals} restores (${competitor}): ${remedy}`,
            `${object} is changed again after each restore (${competitor}): ${remedy}`,
          ];
    run.contested.push({ object, note });
    run.emitEventOnce(`contest ${key}`, "Warning", "Contested", "Heal", told);
    run.requeueAfter(endsAt - now);
  }
  run.services.observer.contested(run.key, contests.length);
}
