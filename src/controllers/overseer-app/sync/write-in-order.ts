import type { Change } from "../../../api/change.js";
import { mapLimit } from "../../../base/semaphore.js";
import type { Outcome } from "../../../destinations/destination.js";
import type { Document } from "../../../manifest/document.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite, WriteAction } from "../../../plan/actions.js";
import { nextStep } from "../../../plan/apply-steps.js";
import type { Plan } from "../../../plan/plan.js";
import type { Barrier } from "../../../plan/waves.js";
import { unapprovedLosses } from "../changes/planned-actions.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { type Hold, Holds } from "./holds.js";
import { liftingDeletions } from "./lifting-deletions.js";
import type { Results } from "./results.js";
import type { WaveProgress } from "./wave-progress.js";

/** Concurrent writes of one app. */
const PARALLEL = 8;

/** Time until a write that is done in part is planned again, if no event reports before that it can be completed. */
const PENDING_MS = 60_000;

/** A write that waits for the health of other objects. */
export interface HeldWrite extends Hold {
  readonly action: WriteAction;
}

/** Writes that were not possible yet. */
export interface Remaining {
  /** Writes that the destination does not accept, with its message. */
  readonly waiting: readonly DeferredWrite[];
  /** Writes that wait for the health of other objects. */
  readonly held: readonly HeldWrite[];
  /** Reports whether a document is still to be written. */
  readonly unwritten: (key: ObjectKey) => boolean;
  /** The wave that further writes wait for, if any. */
  readonly barrier: Barrier | undefined;
}

/**
 * Performs the writes of a plan in order, as far as possible now, and previews deferred writes again once others are done.
 * Stops between two writes when the run is aborted. `change`: with the plan that users may have approved.
 */
export async function writeInOrder(
  run: AppRun,
  desired: Rendered,
  plan: Plan,
  results: Results,
  progress: WaveProgress,
  change: Pick<Change, "status">,
): Promise<Remaining> {
  const holds = new Holds(run, desired);
  const tierOf = (document: Document): number => progress.tierOf(document.key, holds.tierOf(document));
  const failed: Document[] = [];
  const pending: HeldWrite[] = [];
  let accepted: readonly PreviewedWrite[] = plan.writes;
  let waiting: readonly DeferredWrite[] = [
    ...plan.deferred,
    ...(plan.refused ?? []).map(({ action, message }) => ({ action, message, liftedBy: [] })),
  ];
  let wrote = false;
  const unwritten = (key: ObjectKey): boolean =>
    [...accepted, ...waiting].some(({ action }) => action.document.key === key) ||
    failed.some((document) => document.key === key) ||
    pending.some(({ action }) => action.document.key === key);
  for (;;) {
    const barrier = progress.barrier(unwritten);
    const lifting = new Set(waiting.filter(({ action }) => !progress.isLater(action, barrier)).flatMap(liftersOf));
    // What an earlier wave needs does not wait for it.
    const isLater = (action: WriteAction): boolean =>
      progress.isLater(action, barrier) && !lifting.has(action.document.key);
    const holdOf = new Map<PreviewedWrite, Hold>();
    for (const write of accepted) {
      if (isLater(write.action)) continue;
      const hold = holds.of(write.action, unwritten);
      if (hold) holdOf.set(write, hold);
    }
    const ready = accepted.filter((write) => !holdOf.has(write) && !isLater(write.action));
    const held = [...holdOf].map(([{ action }, hold]) => ({ ...hold, action }));
    const step = nextStep({ ready, waiting, failed, wrote, tierOf });
    if (step.type === "end" || run.signal.aborted) {
      const due = waiting.filter(({ action }) => !isLater(action));
      const later = [...accepted, ...waiting].some(({ action }) => isLater(action));
      return remaining(holds, due, [...held, ...pending], unwritten, later ? barrier : undefined);
    }
    if (step.type === "judge") {
      const others = [...accepted.map(({ action }) => action), ...liftingDeletions(plan.pruneCandidates)];
      const again = await judgeAgain(run, desired, waiting, others, change);
      accepted = [...accepted, ...again.accepted];
      waiting = again.waiting;
      wrote = false;
      continue;
    }
    const done = new Set(step.writes);
    await mapLimit(step.writes, PARALLEL, async (write) => {
      if (run.signal.aborted) return;
      const outcome = await writeOne(run, write, results, holds);
      const { action } = write;
      if (!outcome.ok) failed.push(action.document);
      else if (outcome.pending !== undefined) pending.push({ action, message: outcome.pending, leftMs: PENDING_MS });
    });
    if (run.signal.aborted) return { waiting, held, unwritten, barrier: undefined };
    run.services.failpoint("app:after-tier");
    accepted = accepted.filter((write) => !done.has(write));
    wrote = true;
  }
}

/** Sorts the remaining writes: what the destination refuses while its servers are not healthy waits for them. */
function remaining(
  holds: Holds,
  waiting: readonly DeferredWrite[],
  held: readonly HeldWrite[],
  unwritten: Remaining["unwritten"],
  barrier: Barrier | undefined,
): Remaining {
  const refused: DeferredWrite[] = [];
  const unserved: HeldWrite[] = [];
  for (const one of waiting) {
    const hold = holds.ofServers(one.action);
    if (hold) unserved.push({ ...hold, action: one.action });
    else refused.push(one);
  }
  return { waiting: refused, held: [...held, ...unserved], unwritten, barrier };
}

const liftersOf = ({ liftedBy }: DeferredWrite): readonly ObjectKey[] => liftedBy;

async function writeOne(run: AppRun, write: PreviewedWrite, results: Results, holds: Holds): Promise<Outcome> {
  const { document } = write.action;
  const { failpoint, observer, clock } = run.services;
  const outcome = await run.destination.write(run.target, write);
  failpoint("app:after-first-write");
  observer.applied(write.verb === "Update" ? "update" : "create", outcome.ok ? "success" : "error");
  results.note(document.id, outcome, document.origin);
  if (outcome.ok && outcome.pending === undefined) {
    run.memory.lastWrite = clock.monotonic();
    holds.written(document);
  }
  return outcome;
}

/** Previews waiting writes again after others were written. */
async function judgeAgain(
  run: AppRun,
  desired: Rendered,
  waiting: readonly DeferredWrite[],
  others: readonly WriteAction[],
  change: Pick<Change, "status">,
): Promise<{ readonly accepted: readonly PreviewedWrite[]; readonly waiting: readonly DeferredWrite[] }> {
  const { destination, target, signal } = run;
  await destination.prepare(desired.kinds);
  const preview = await destination.preview(
    target,
    waiting.map(({ action }) => action),
    desired.documents,
    signal,
    others,
  );
  run.services.failpoint("app:after-dry-run");
  const refused = preview.refused.map(({ action, message }) => ({ action, message, liftedBy: [] }));
  // The next reconcile plans it, and asks for it.
  const unapproved = new Map(
    unapprovedLosses(change, { writes: preview.accepted, pruneCandidates: [] }).map(({ id, verb }) => [id, verb]),
  );
  const left = preview.accepted.flatMap(({ action }) => {
    const verb = unapproved.get(action.document.id);
    return verb === undefined ? [] : [{ action, message: `the approved plan does not say ${verb}`, liftedBy: [] }];
  });
  const accepted = preview.accepted.filter(({ action }) => !unapproved.has(action.document.id));
  return { accepted, waiting: [...preview.deferred, ...refused, ...left] };
}
