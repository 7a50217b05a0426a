import type { Change } from "../../../api/change.js";
import type { Moment } from "../app-memory.js";
import type { AppRun } from "../run.js";

/**
 * Returns the milliseconds since a lifecycle point of a Change. Measured by the monotonic clock once this process has seen the
 * Change, so that setting the clock or suspending the machine does not move a deadline. Earlier time is taken from the status
 * (`written`); a time in the future counts as now.
 */
export function elapsedSince(
  run: AppRun,
  change: { readonly metadata: Pick<Change["metadata"], "uid"> },
  moment: Moment,
  written: string | undefined,
): number {
  const { clock } = run.services;
  const { memory } = run;
  if (memory.moments?.change !== change.metadata.uid) memory.moments = { change: change.metadata.uid, at: new Map() };
  const { at } = memory.moments;
  const before = written === undefined ? 0 : Math.max(0, clock.now() - Date.parse(written));
  const since = at.get(moment) ?? clock.monotonic() - before;
  at.set(moment, since);
  return clock.monotonic() - since;
}
