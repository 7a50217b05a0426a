import type { Change } from "../../../api/change.js";
import type { Moment } from "../app-memory.js";
import type { AppRun } from "../run.js";

/**
 * Milliseconds since a moment in the life of a Change. From its first sight in this process on that goes by the monotonic clock, so
 * that a clock that is set, or a machine that slept, neither ends a deadline nor puts it off. What went by before that is known
 * from the status alone (`written`), and a time in the future there counts as now.
 */
export function elapsedSince(run: AppRun, change: Change, moment: Moment, written: string | undefined): number {
  const { clock } = run.services;
  const { memory } = run;
  if (memory.moments?.change !== change.metadata.uid) memory.moments = { change: change.metadata.uid, at: new Map() };
  const { at } = memory.moments;
  const before = written === undefined ? 0 : Math.max(0, clock.now() - Date.parse(written));
  const since = at.get(moment) ?? clock.monotonic() - before;
  at.set(moment, since);
  return clock.monotonic() - since;
}
