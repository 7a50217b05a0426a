/**
 * Rate of verifications. A verification is one apply that changes nothing: including its share of a reconcile, about 3 ms of CPU
 * right after a start, less later. See docs/adr/0010-sweeps.md for the calculation.
 */
export const PACE = {
  /** Delay of the first verification after a start, since users wait for other work. */
  startMs: 5_000,
  /** Objects of one app per batch. */
  batch: 8,
  /** Between two batches of the periodic resync: at most 16 objects a minute. */
  calmMs: 30_000,
  /** Minimum of that pause, for so many objects that a resync would take longer than a day. */
  leastCalmMs: 2_000,
  /** Between two batches after a change of admission rules or definitions: at most 20 objects a second. */
  urgentMs: 400,
  /** Time until a changed webhook or policy is in force: the API server reads its policies once a second. */
  inForceMs: 2_500,
  /** Immediately processed changes per definition, webhook or policy; beyond the burst, one every five minutes. */
  meaning: { burst: 6, perSecond: 1 / 300 },
  /** Delay while there is other work. */
  busyMs: 1_000,
  /** Interval of scans for due objects, which send no requests. */
  rescanMs: 60_000,
  /** Period in which every object is verified once, unless another write has verified it. */
  periodMs: 24 * 3_600_000,
  /** Objects that were written together become due spread over this time before the end of the period. */
  spreadMs: 4 * 3_600_000,
} as const;

/** Returns the pause between two batches of the periodic resync for a number of objects, so that it takes less than a day. */
export function calmPause(objects: number): number {
  const round = PACE.periodMs - PACE.spreadMs;
  return Math.max(PACE.leastCalmMs, Math.min(PACE.calmMs, (round * PACE.batch) / Math.max(1, objects)));
}
