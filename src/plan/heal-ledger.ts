import { type BackoffPolicy, backoffDelay } from "../base/backoff.js";

/** Healed at once this often; from then on the same fight waits longer each time. */
const FREE_HEALS = 2;
/** From this many heals of the same fields from the same writer on, the object is called contested. */
const CONTESTED_FROM = 5;
const BACKOFF: BackoffPolicy = { baseMs: 10_000, factor: 2, maxMs: 600_000 };
/** Whoever it is, and whatever fields: an object is put back at once this often, before it rests like a fight. */
const FREE_HEALS_OF_ALL = 10;
const CONTESTED_BY_ALL_FROM = 15;
/** Stands for all opponents together. */
const ALL = "several writers";
/** A fight is over when it rested this much longer than the wait before its next heal would have been. */
const REST_FACTOR = 2;
const MIN_REST_MS = 60_000;
/** Looks at one object that found nothing changed are made at most this often. */
const VERIFY_MS = 1_000;
/** Looks remembered before old ones are cleared away. */
const MAX_VERIFICATIONS = 1_000;

/** What was refused is tried again after this time at the earliest, and ever later while nothing changes. */
const REFUSED: BackoffPolicy = { baseMs: 5_000, factor: 2, maxMs: 600_000 };

interface Refusal {
  /** State of object and document in which it was refused. */
  readonly state: string;
  /** What the destination said. */
  readonly message: string;
  readonly count: number;
  readonly lastAt: number;
}

interface ManagerConflict {
  readonly key: string;
  /** Who took which fields. */
  readonly competitor: string;
  heals: number;
  lastAt: number;
}

/** An object that somebody takes back again and again. */
export interface Contest {
  readonly key: string;
  readonly competitor: string;
  readonly heals: number;
  /** When the fight counts as over, if nothing more happens. */
  readonly endsAt: number;
}

/**
 * Remembers the heals of an app's objects, so that two writers that want different things do not write for ever: the loop
 * breaker. Each pair of object and opponent is a fight of its own, so that two opponents who take turns are both seen. Kept in
 * memory: after a restart a fight begins anew, and is recognised anew. Opponents who take other fields each time are held
 * together by a count of all. Times are monotonic milliseconds.
 */
export class HealLedger {
  readonly #conflicts = new Map<string, ManagerConflict>();
  readonly #verifications = new Map<string, number>();
  readonly #refusals = new Map<string, Refusal>();

  /** How long to wait before healing `key`, which `opponent` has changed; 0: heal now. */
  waitBeforeHeal(key: string, competitor: string, now: number): number {
    const waits = [competitor, ALL].map((one) => {
      const conflict = this.#current(key, one, now);
      return conflict ? conflict.lastAt + pause(conflict) - now : 0;
    });
    return Math.max(0, ...waits);
  }

  /** How long to wait before looking at `key` once more; 0: look now. */
  waitBeforeVerify(key: string, now: number): number {
    const last = this.#verifications.get(key);
    return last === undefined ? 0 : Math.max(0, last + VERIFY_MS - now);
  }

  /** Records a heal that really changed something. */
  healed(key: string, competitor: string, now: number): void {
    for (const one of [competitor, ALL]) {
      const heals = (this.#current(key, one, now)?.heals ?? 0) + 1;
      this.#conflicts.set(conflictKey(key, one), { key, competitor: one, heals, lastAt: now });
    }
  }

  /** Records a look at an object, whatever it found. */
  verified(key: string, now: number): void {
    this.#verifications.set(key, now);
    if (this.#verifications.size <= MAX_VERIFICATIONS) return;
    for (const [old, at] of this.#verifications) if (now - at > VERIFY_MS) this.#verifications.delete(old);
  }

  /**
   * What was refused for `key` and rests still, with how long it does; in another `state` it may go well sooner. Undefined: try
   * now.
   */
  pendingRefusal(key: string, state: string, now: number): { message: string; waitMs: number } | undefined {
    const refusal = this.#refusals.get(key);
    if (!refusal) return undefined;
    const waitMs = refusal.lastAt + backoffDelay(REFUSED, refusal.state === state ? refusal.count : 1) - now;
    return waitMs > 0 ? { message: refusal.message, waitMs } : undefined;
  }

  /** Records a try that the destination refused; the same in the same state rests longer each time. */
  refused(key: string, state: string, message: string, now: number): void {
    const before = this.#refusals.get(key);
    const count = before?.state === state ? before.count + 1 : 1;
    this.#refusals.set(key, { state, message, count, lastAt: now });
  }

  /** Records that the destination did not refuse. */
  accepted(key: string): void {
    this.#refusals.delete(key);
  }

  /** What was refused may go well now: rules of the destination have changed. Says whether there is anything to try. */
  resetRefusals(): boolean {
    const any = this.#refusals.size > 0;
    this.#refusals.clear();
    return any;
  }

  /** The objects that are contested now. */
  contests(now: number): readonly Contest[] {
    const contests: Contest[] = [];
    for (const [id, conflict] of this.#conflicts) {
      const { key, competitor, heals } = conflict;
      const endsAt = conflict.lastAt + rest(conflict);
      if (now >= endsAt) this.#conflicts.delete(id);
      else if (heals >= (competitor === ALL ? CONTESTED_BY_ALL_FROM : CONTESTED_FROM))
        contests.push({ key, competitor, heals, endsAt });
    }
    // All together are named only where none of them is.
    return contests.filter(
      ({ key, competitor }) => competitor !== ALL || !contests.some((one) => one.key === key && one.competitor !== ALL),
    );
  }

  /** Forgets all: somebody asked for a fresh start. */
  clear(): void {
    this.#conflicts.clear();
    this.#verifications.clear();
    this.#refusals.clear();
  }

  #current(key: string, competitor: string, now: number): ManagerConflict | undefined {
    const conflict = this.#conflicts.get(conflictKey(key, competitor));
    return conflict && now < conflict.lastAt + rest(conflict) ? conflict : undefined;
  }
}

function conflictKey(key: string, competitor: string): string {
  return `${key}\n${competitor}`;
}

/** The wait before the next heal of a fight. */
function pause(conflict: ManagerConflict): number {
  const free = conflict.competitor === ALL ? FREE_HEALS_OF_ALL : FREE_HEALS;
  return conflict.heals < free ? 0 : backoffDelay(BACKOFF, conflict.heals - free + 1);
}

/** How long a fight has to rest to be over. */
function rest(conflict: ManagerConflict): number {
  return Math.max(MIN_REST_MS, REST_FACTOR * pause(conflict));
}
