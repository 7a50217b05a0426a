import { type BackoffPolicy, backoffDelay } from "../base/backoff.js";

/** Healed at once this often; from then on the same fight waits longer each time. */
const FREE_HEALS = 2;
/** From this many heals of the same fields from the same writer on, the object is called contested. */
const CONTESTED_FROM = 5;
const BACKOFF: BackoffPolicy = { baseMs: 10_000, factor: 2, maxMs: 600_000 };
/** A fight that rested this long is over. */
const FORGET_MS = 30 * 60_000;
/** Looks at one object that found nothing changed are made at most this often. */
const VERIFY_MS = 1_000;

interface Fight {
  /** Who took which fields. */
  opponent: string;
  heals: number;
  lastAt: number;
}

/** An object that somebody takes back again and again. */
export interface Contest {
  readonly key: string;
  readonly opponent: string;
  readonly heals: number;
}

/**
 * Remembers the heals of an app's objects, so that two writers that want different things do not write for ever: the loop
 * breaker. Kept in memory: after a restart a fight begins anew, and is recognised anew. Times are monotonic milliseconds.
 */
export class HealLedger {
  readonly #fights = new Map<string, Fight>();
  readonly #looks = new Map<string, number>();

  /** How long to wait before healing `key`, which `opponent` has changed; 0: heal now. */
  waitBeforeHeal(key: string, opponent: string, now: number): number {
    const fight = this.#current(key, opponent, now);
    if (!fight || fight.heals < FREE_HEALS) return 0;
    return Math.max(0, fight.lastAt + backoffDelay(BACKOFF, fight.heals - FREE_HEALS + 1) - now);
  }

  /** How long to wait before looking at `key` once more; 0: look now. */
  waitBeforeLook(key: string, now: number): number {
    const last = this.#looks.get(key);
    return last === undefined ? 0 : Math.max(0, last + VERIFY_MS - now);
  }

  /** Records a heal that really changed something. */
  healed(key: string, opponent: string, now: number): void {
    const fight = this.#current(key, opponent, now);
    this.#fights.set(key, { opponent, heals: (fight?.heals ?? 0) + 1, lastAt: now });
  }

  /** Records a look that found all as it should be. */
  looked(key: string, now: number): void {
    this.#looks.set(key, now);
    if (this.#looks.size > 1000) for (const [old, at] of this.#looks) if (now - at > VERIFY_MS) this.#looks.delete(old);
  }

  /** The objects that are contested now. */
  contests(now: number): readonly Contest[] {
    const contests: Contest[] = [];
    for (const [key, fight] of this.#fights) {
      if (now - fight.lastAt > FORGET_MS) this.#fights.delete(key);
      else if (fight.heals >= CONTESTED_FROM) contests.push({ key, opponent: fight.opponent, heals: fight.heals });
    }
    return contests;
  }

  /** Forgets all: somebody asked for a fresh start. */
  clear(): void {
    this.#fights.clear();
    this.#looks.clear();
  }

  #current(key: string, opponent: string, now: number): Fight | undefined {
    const fight = this.#fights.get(key);
    return fight && fight.opponent === opponent && now - fight.lastAt <= FORGET_MS ? fight : undefined;
  }
}
