import { type ChangePhase, isFinal } from "../api/change.js";

/** A finished Change, as far as its history needs to know it. */
export interface HistoryEntry {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: ChangePhase | undefined };
}

/** The finished Changes beyond the newest `limit`. Open ones never expire. */
export function expiredChanges<T extends HistoryEntry>(changes: readonly T[], limit: number): T[] {
  const number = (change: T): number => Number(change.metadata.name.slice(change.metadata.name.lastIndexOf("-") + 1));
  return changes
    .filter((change) => isFinal(change.status?.phase))
    .sort((a, b) => number(b) - number(a))
    .slice(limit);
}
