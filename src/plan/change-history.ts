import { type ChangePhase, isFinal } from "../api/change.js";

/** The part of a Change that its history needs. */
export interface HistoryEntry {
  readonly spec?: { readonly cause?: string };
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string };
  readonly status?: { readonly phase?: ChangePhase | undefined };
}

/** How many finished Changes of cause Drift are kept. */
const DRIFT_LIMIT = 3;

/**
 * Returns the finished Changes beyond the newest `limit`. Open ones never expire. Those of cause Drift have a limit of their own, so that
 * drift that comes and goes does not displace what users roll back to.
 */
export function expiredChanges<T extends HistoryEntry>(changes: readonly T[], limit: number): T[] {
  const finished = changes.filter((change) => isFinal(change.status?.phase)).sort((a, b) => (isNewer(a, b) ? -1 : 1));
  const isDrift = ({ spec }: T): boolean => spec?.cause === "Drift";
  return [
    ...finished.filter((change) => !isDrift(change)).slice(limit),
    ...finished.filter(isDrift).slice(Math.min(limit, DRIFT_LIMIT)),
  ];
}

/** Reports whether `a` was created after `b`. Times have seconds only; the operator numbers its Changes. */
export function isNewer(a: HistoryEntry, b: HistoryEntry): boolean {
  return (createdAt(a) - createdAt(b) || numberOf(a) - numberOf(b)) > 0;
}

function createdAt({ metadata }: HistoryEntry): number {
  return Date.parse(metadata.creationTimestamp ?? "") || 0;
}

/** Returns the number at the end of a name. Requests of users may have any name. */
function numberOf({ metadata: { name } }: HistoryEntry): number {
  const text = name.slice(name.lastIndexOf("-") + 1);
  return /^\d+$/.test(text) ? Number(text) : 0;
}
