/**
 * How fast objects are looked at. A look is one apply that writes nothing: with its share of a reconcile about 3 ms of CPU
 * right after a start, less later. See docs/adr/0010-sweeps.md for the sums.
 */
export const PACE = {
  /** After a start, before the first look: work that people wait for comes first. */
  startMs: 5_000,
  /** Objects of one app that are looked at in one go. */
  batch: 8,
  /** Between two goes of the pass that nobody waits for: 16 objects a minute at most. */
  calmMs: 30_000,
  /** The same where there are so many objects that a day would not do. */
  leastCalmMs: 2_000,
  /** Between two goes when something changed what objects mean: 20 objects a second at most. */
  urgentMs: 400,
  /** From the event of a webhook or policy until it is in force: the API server reads its policies once a second. */
  inForceMs: 2_500,
  /** Changes of one definition, webhook or policy that are followed at once; when more come, one every five minutes. */
  meaning: { burst: 6, perSecond: 1 / 300 },
  /** While there is other work. */
  busyMs: 1_000,
  /** How often what is due is counted up anew: no request. */
  rescanMs: 60_000,
  /** Every object is looked at once in this time, if nothing else has proven it meanwhile. */
  periodMs: 24 * 3_600_000,
  /** Objects that were written together become due over this time before the end of the period. */
  spreadMs: 4 * 3_600_000,
} as const;

/** The time between two goes of the calm pass over this many objects, so that a round takes less than a day. */
export function calmPause(objects: number): number {
  const round = PACE.periodMs - PACE.spreadMs;
  return Math.max(PACE.leastCalmMs, Math.min(PACE.calmMs, (round * PACE.batch) / Math.max(1, objects)));
}
