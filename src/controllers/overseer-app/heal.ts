import { mapLimit } from "../../base/semaphore.js";
import { displayId } from "../../manifest/object-id.js";
import type { HealAction, WriteAction } from "../../plan/actions.js";
import { difference } from "../../plan/difference.js";
import { observeApp } from "./observe.js";
import type { AppRun, DriftReport } from "./run.js";

const PARALLEL = 8;
/** Heals of one reconcile that have an Event each. */
const MAX_EVENTS = 5;
/** How soon an object that could not be put back is tried again. */
const FAILED_HEAL_MS = 5_000;
/** Who is named when the managed fields do not tell. */
const NOBODY = "somebody";

/**
 * Puts back what others changed, to the last inputs that passed their gates and never to newer ones; or reports it, where
 * the app does not heal. `withMissing`: make deleted objects again (not while a Change is on its way to make them).
 */
export async function healDrift(run: AppRun, withMissing: boolean): Promise<void> {
  if (!run.applied) return reportUnhealable(run);
  const { destination } = run;
  const observation = observeApp(run);
  const diff = difference(run.applied.documents, observation, (document) => destination.recordedHash(document));
  // What is absent from a list that is not whole may be there all the same.
  const known = observation.complete ? diff.writes : diff.writes.filter((write) => write.live !== undefined);
  const missing = withMissing ? known : [];
  if (diff.heals.length === 0 && missing.length === 0) run.memory.driftSeenAt = undefined;
  else if (run.app.spec.sync?.selfHeal === false) await report(run, diff.heals, missing);
  else await putBack(run, diff.heals, missing);
  reportContests(run);
}

async function putBack(run: AppRun, heals: readonly HealAction[], missing: readonly WriteAction[]): Promise<void> {
  const { clock, observer } = run.services;
  const started = run.memory.driftSeenAt ?? clock.monotonic();
  const healed = [...(await healAll(run, heals)), ...(await remake(run, missing))];
  if (healed.length === 0) return;
  run.memory.driftSeenAt = undefined;
  observer.healed(healed.length, (clock.monotonic() - started) / 1000);
  run.logger.info("drift healed", { objects: healed });
  for (const what of healed.slice(0, MAX_EVENTS)) run.tell("Normal", "DriftHealed", "Heal", what);
}

/** Applies each drifted object again. Gives what was really changed, for people. */
async function healAll(run: AppRun, actions: readonly HealAction[]): Promise<string[]> {
  const { destination } = run;
  const { clock } = run.services;
  const { ledger } = run.memory;
  const healed: string[] = [];
  await mapLimit(actions, PARALLEL, async (action) => {
    const { key, id } = action.document;
    const opponent = destination.describeDrift(action) ?? NOBODY;
    if (restsBeforeHeal(run, action, opponent)) return;
    const outcome = await destination.heal(run.target, action);
    ledger.looked(key, clock.monotonic());
    if (!outcome.ok) {
      run.drift.push({ object: displayId(id), note: `cannot be put back: ${outcome.message}` });
      run.comeBack(Math.max(FAILED_HEAL_MS, outcome.retryAfterMs ?? 0));
    } else if (outcome.wrote) {
      ledger.healed(key, opponent, clock.monotonic());
      healed.push(`${displayId(id)} put back (${opponent})`);
    }
  });
  if (healed.length > 0) run.services.observer.drifted(healed.length);
  return healed;
}

/** Whether an object has to wait: after a fight, or because it was looked at a moment ago and may be as it should be. */
function restsBeforeHeal(run: AppRun, { document, live }: HealAction, opponent: string): boolean {
  const now = run.services.clock.monotonic();
  const { ledger } = run.memory;
  const fight = ledger.waitBeforeHeal(document.key, opponent, now);
  const look = live.state === "Drifted" ? 0 : ledger.waitBeforeLook(document.key, now);
  const wait = Math.max(fight, look);
  if (wait === 0) return false;
  run.comeBack(wait);
  if (fight > 0) {
    const note = `${opponent}; put back before and taken again, so the next try waits`;
    run.drift.push({ object: displayId(document.id), note });
  }
  return true;
}

/** Makes objects again that were deleted, or whose marks were removed. */
async function remake(run: AppRun, writes: readonly WriteAction[]): Promise<string[]> {
  if (writes.length === 0) return [];
  const { destination } = run;
  const { clock, observer } = run.services;
  const { ledger } = run.memory;
  const due = writes.filter((write) => {
    const wait = ledger.waitBeforeHeal(write.document.key, "deleted", clock.monotonic());
    if (wait === 0) return true;
    run.comeBack(wait);
    run.drift.push({
      object: displayId(write.document.id),
      note: "was deleted again and again, so making it again rests for a while",
    });
    return false;
  });
  const preview = await destination.preview(run.target, due, run.applied?.documents ?? []);
  const made: string[] = [];
  for (const { action, message } of preview.refused) {
    run.drift.push({ object: displayId(action.document.id), note: `cannot be made again: ${message}` });
    run.comeBack(FAILED_HEAL_MS);
  }
  if (preview.deferred.length > 0) run.comeBack(1_000);
  for (const write of preview.accepted) {
    const { id, key } = write.action.document;
    const outcome = await destination.write(run.target, write);
    if (outcome.ok) {
      ledger.healed(key, "deleted", clock.monotonic());
      made.push(
        `${displayId(id)} made again (${write.verb === "Create" ? "it was deleted" : "its marks were changed"})`,
      );
    } else {
      run.drift.push({ object: displayId(id), note: `cannot be made again: ${outcome.message}` });
      run.comeBack(Math.max(FAILED_HEAL_MS, outcome.retryAfterMs ?? 0));
    }
  }
  observer.drifted(made.length);
  return made;
}

/** For an app that does not heal: looks whether the objects really differ, and says so. */
async function report(run: AppRun, heals: readonly HealAction[], missing: readonly WriteAction[]): Promise<void> {
  const { destination } = run;
  const { observer } = run.services;
  const reports: DriftReport[] = missing.map((write) => ({
    object: displayId(write.document.id),
    note:
      write.live === undefined ? "is not there any more" : "is there, but not as it was left: its marks were changed",
  }));
  for (const action of heals) {
    const known = action.live.state === "Drifted" ? destination.describeDrift(action) : undefined;
    const verdict = known === undefined ? await destination.verify(run.target, action) : { drifted: true, diff: [] };
    if (!verdict.drifted) continue;
    const paths = verdict.diff
      .slice(0, 5)
      .map((change) => change.path)
      .join(", ");
    reports.push({ object: displayId(action.document.id), note: known ?? (paths || "differs from Git") });
  }
  run.drift.push(...reports);
  if (reports.length === 0) return;
  if (!run.status.conditions?.some((condition) => condition.type === "Drifted")) observer.drifted(reports.length);
}

/** The applied inputs cannot be had any more: nothing is healed and nothing pruned, but what drifted is said. */
function reportUnhealable(run: AppRun): void {
  if (!run.status.applied) return;
  for (const live of observeApp(run).objects.values()) {
    if (live.ownership !== "Foreign" && live.state === "Drifted") {
      run.drift.push({
        object: displayId(live.id),
        note: `differs from ${run.status.applied.revision}, which cannot be fetched any more`,
      });
    }
  }
}

/** Says which objects are fought over, and looks again when the fight counts as over. */
function reportContests(run: AppRun): void {
  const now = run.services.clock.monotonic();
  const contests = run.memory.ledger.contests(now);
  for (const { key, opponent, heals, endsAt } of contests) {
    const [, kind = "", namespace = "", ...name] = key.split("/");
    const note = `${opponent} has taken it back ${heals} times: leave the field out of Git, or stop the other writer`;
    run.contested.push({ object: displayId({ kind, namespace, name: name.join("/") }), note });
    run.comeBack(endsAt - now);
  }
  run.services.observer.contested(run.key, contests.length);
}
