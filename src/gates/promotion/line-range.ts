import type { LedgerEntry } from "../../api/ledger.js";

/** Positions of the commits of a first-parent line, which begins with 0 for the newest. */
export type LinePositions = ReadonlyMap<string, number>;

/**
 * Reports whether a commit lies between the one at which inputs were applied and the newest one that the app has processed with them. `newest`
 * is that of the applied inputs, if it is known.
 */
export function liesWithin(
  commit: string,
  { commit: first, through, ended }: LedgerEntry,
  newest: string | undefined,
  positions: LinePositions,
): boolean {
  const last = (ended === undefined ? newest : undefined) ?? through ?? first;
  const [at, from, to] = [positions.get(commit), positions.get(first), positions.get(last)];
  return at !== undefined && from !== undefined && to !== undefined && from >= at && at >= to;
}
