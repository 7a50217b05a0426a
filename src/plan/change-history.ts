import { type ChangePhase, isFinal } from "../api/change.js";
import { hasSameSource, type InputKeys } from "../api/inputs.js";

/** The part of a Change that its history needs. */
export interface HistoryEntry {
  readonly spec?: {
    readonly cause?: string;
    readonly inputs?: InputKeys | undefined;
    /** The Change that a request rolls back to. */
    readonly rollbackTo?: { readonly change: string } | undefined;
  };
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string };
  readonly status?: { readonly phase?: ChangePhase | undefined };
}

/** How many finished Changes are kept of each kind that users do not roll back to. */
const OTHERS_LIMIT = 3;

/**
 * Returns the finished Changes beyond the newest `limit` of those that succeeded, and of those that failed. Open ones never expire. Of those
 * that were superseded, rejected or only planned, and of those of cause Drift, 3 each are kept, so that a busy repository does not displace
 * what users roll back to. Those that `isNeeded` never expire.
 */
export function expiredChanges<T extends HistoryEntry>(
  changes: readonly T[],
  limit: number,
  isNeeded: (change: T) => boolean = () => false,
): T[] {
  const finished = changes.filter((change) => isFinal(change.status?.phase)).sort((a, b) => (isNewer(a, b) ? -1 : 1));
  const counts = new Map<string, number>();
  return finished.filter((change) => {
    const kind = change.spec?.cause === "Drift" ? "Drift" : (change.status?.phase ?? "");
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const most = kind === "Succeeded" || kind === "Failed" ? limit : Math.min(limit, OTHERS_LIMIT);
    return count > most && !isNeeded(change);
  });
}

/** What an app relies on. */
export interface ReliedOn {
  /** The applied inputs, if any. */
  readonly applied: InputKeys | undefined;
  /** Name of the last Change that was applied or attempted. */
  readonly last: string | undefined;
  /** The inputs that the app is kept at, and the Change that says so. */
  readonly pin: { readonly change: string; readonly inputs: InputKeys } | undefined;
}

/**
 * Returns the names of the Changes that an app needs whatever their age: the last one, those of the applied and the pinned inputs, what a
 * rollback would go to, and what open requests roll back to.
 */
export function neededChanges(changes: readonly HistoryEntry[], { applied, last, pin }: ReliedOn): Set<string> {
  const newest = (counts: (change: HistoryEntry) => boolean): string | undefined =>
    changes
      .filter((change) => change.spec?.inputs !== undefined && change.spec.cause !== "Drift" && counts(change))
      .reduce<HistoryEntry | undefined>(
        (best, one) => (best === undefined || isNewer(one, best) ? one : best),
        undefined,
      )?.metadata.name;
  const succeeded = ({ status }: HistoryEntry): boolean => status?.phase === "Succeeded";
  const has = ({ spec }: HistoryEntry, inputs: InputKeys | undefined): boolean => hasSameSource(spec?.inputs, inputs);
  const needed = [
    last,
    pin?.change,
    newest((change) => succeeded(change) && has(change, applied)),
    newest((change) => succeeded(change) && !has(change, applied)),
    newest((change) => succeeded(change) && has(change, pin?.inputs)),
    // It may have stopped half-way, and says what it has not written.
    newest((change) => change.status?.phase !== "Planned" && has(change, applied)),
    ...changes.flatMap(({ spec, status }) => (isFinal(status?.phase) ? [] : [spec?.rollbackTo?.change])),
  ];
  return new Set(needed.filter((name) => name !== undefined));
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
