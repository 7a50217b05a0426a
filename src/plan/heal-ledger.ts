import { type BackoffPolicy, backoffDelay } from "../base/backoff.js";

/** Heals without delay per conflict; after these, the backoff increases each time. */
const FREE_HEALS = 2;
/** Number of heals of the same fields against the same writer from which an object is contested. */
const CONTESTED_FROM = 5;
const BACKOFF: BackoffPolicy = { baseMs: 10_000, factor: 2, maxMs: 600_000 };
/** The same limits for all writers and fields of an object together. */
const FREE_HEALS_OF_ALL = 10;
const CONTESTED_BY_ALL_FROM = 15;
/** Stands for all competing writers together. */
const ALL = "several writers";
/** A conflict is over after a quiet time of this multiple of its backoff. */
const QUIET_FACTOR = 2;
const MIN_QUIET_MS = 60_000;
/** Minimum interval between verifications of one object. */
const VERIFY_MS = 1_000;
/** Number of remembered verifications above which old ones are dropped. */
const MAX_VERIFICATIONS = 1_000;

/** Backoff after refusals while nothing changes. */
const REFUSED: BackoffPolicy = { baseMs: 5_000, factor: 2, maxMs: 600_000 };

interface Refusal {
  /** State of object and document at the refusal. */
  readonly state: string;
  /** Message of the destination. */
  readonly message: string;
  readonly count: number;
  readonly lastAt: number;
}

interface ManagerConflict {
  readonly key: string;
  /** The competing writer and its fields. */
  readonly competitor: string;
  heals: number;
  lastAt: number;
}

/** An object that another writer changes repeatedly. */
export interface Contest {
  readonly key: string;
  readonly competitor: string;
  readonly heals: number;
  /** When the conflict counts as over, if nothing more happens. */
  readonly endsAt: number;
}

/**
 * Remembers the heals of an app's objects, so that two competing writers do not write in an endless loop. Each pair of object and
 * competing writer is a separate conflict, so that two alternating writers are both detected; a total per object covers writers
 * that change other fields each time. Kept in memory: conflicts are detected again after a restart. Times are monotonic
 * milliseconds.
 */
export class HealLedger {
  readonly #conflicts = new Map<string, ManagerConflict>();
  readonly #verifications = new Map<string, number>();
  readonly #refusals = new Map<string, Refusal>();

  /** Returns how long to wait before healing `key`, which `competitor` has changed; 0 to heal now. */
  waitBeforeHeal(key: string, competitor: string, now: number): number {
    const waits = [competitor, ALL].map((one) => {
      const conflict = this.#current(key, one, now);
      return conflict ? conflict.lastAt + healBackoff(conflict) - now : 0;
    });
    return Math.max(0, ...waits);
  }

  /** Returns how long to wait before verifying `key` again; 0 to verify now. */
  waitBeforeVerify(key: string, now: number): number {
    const last = this.#verifications.get(key);
    return last === undefined ? 0 : Math.max(0, last + VERIFY_MS - now);
  }

  /** Records a heal that changed the object. */
  healed(key: string, competitor: string, now: number): void {
    for (const one of [competitor, ALL]) {
      const heals = (this.#current(key, one, now)?.heals ?? 0) + 1;
      this.#conflicts.set(conflictKey(key, one), { key, competitor: one, heals, lastAt: now });
    }
  }

  /** Records a verification of an object, whatever its result. */
  verified(key: string, now: number): void {
    this.#verifications.set(key, now);
    if (this.#verifications.size <= MAX_VERIFICATIONS) return;
    for (const [old, at] of this.#verifications) if (now - at > VERIFY_MS) this.#verifications.delete(old);
  }

  /**
   * Returns the refusal for `key` that is still backing off, with the remaining time; undefined if it may be tried now. In another
   * `state` the backoff is shorter.
   */
  pendingRefusal(key: string, state: string, now: number): { message: string; waitMs: number } | undefined {
    const refusal = this.#refusals.get(key);
    if (!refusal) return undefined;
    const waitMs = refusal.lastAt + backoffDelay(REFUSED, refusal.state === state ? refusal.count : 1) - now;
    return waitMs > 0 ? { message: refusal.message, waitMs } : undefined;
  }

  /** Records an attempt that the destination refused; repeated refusals in the same state increase the backoff. */
  refused(key: string, state: string, message: string, now: number): void {
    const before = this.#refusals.get(key);
    const count = before?.state === state ? before.count + 1 : 1;
    this.#refusals.set(key, { state, message, count, lastAt: now });
  }

  /** Records that the destination accepted a write. */
  accepted(key: string): void {
    this.#refusals.delete(key);
  }

  /** Ends the backoff of all refusals after the rules of the destination changed. Returns whether there were any. */
  resetRefusals(): boolean {
    const any = this.#refusals.size > 0;
    this.#refusals.clear();
    return any;
  }

  /** Returns the objects that are contested now. */
  contests(now: number): readonly Contest[] {
    const contests: Contest[] = [];
    for (const [id, conflict] of this.#conflicts) {
      const { key, competitor, heals } = conflict;
      const endsAt = conflict.lastAt + quietTime(conflict);
      if (now >= endsAt) this.#conflicts.delete(id);
      else if (heals >= (competitor === ALL ? CONTESTED_BY_ALL_FROM : CONTESTED_FROM))
        contests.push({ key, competitor, heals, endsAt });
    }
    // The total is reported only if no single conflict of the object is.
    return contests.filter(
      ({ key, competitor }) => competitor !== ALL || !contests.some((one) => one.key === key && one.competitor !== ALL),
    );
  }

  /** Clears everything, at a user's request. */
  clear(): void {
    this.#conflicts.clear();
    this.#verifications.clear();
    this.#refusals.clear();
  }

  #current(key: string, competitor: string, now: number): ManagerConflict | undefined {
    const conflict = this.#conflicts.get(conflictKey(key, competitor));
    return conflict && now < conflict.lastAt + quietTime(conflict) ? conflict : undefined;
  }
}

function conflictKey(key: string, competitor: string): string {
  return `${key}\n${competitor}`;
}

/** Returns the delay before the next heal of a conflict. */
function healBackoff(conflict: ManagerConflict): number {
  const free = conflict.competitor === ALL ? FREE_HEALS_OF_ALL : FREE_HEALS;
  return conflict.heals < free ? 0 : backoffDelay(BACKOFF, conflict.heals - free + 1);
}

/** Returns the quiet time after which a conflict is over. */
function quietTime(conflict: ManagerConflict): number {
  return Math.max(MIN_QUIET_MS, QUIET_FACTOR * healBackoff(conflict));
}
