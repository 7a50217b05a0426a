import { type ChangePhase, isFinal } from "../api/change.js";

/** The part of a Change that its history needs. */
export interface HistoryEntry {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: ChangePhase | undefined };
}

/** Returns the finished Changes beyond the newest `limit`. Open ones never expire. */
export function expiredChanges<T extends HistoryEntry>(changes: readonly T[], limit: number): T[] {
  const number = (change: T): number => Number(change.metadata.name.slice(change.metadata.name.lastIndexOf("-") + 1));
  return changes
    .filter((change) => isFinal(change.status?.phase))
    .sort((a, b) => number(b) - number(a))
    .slice(limit);
}
