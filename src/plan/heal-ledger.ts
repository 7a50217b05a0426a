import { type BackoffPolicy, backoffDelay } from "../base/backoff.js";

/** Healed at once this often; from then on the same fight waits longer each time. */
const FREE_HEALS = 2;
/** From this many heals of the same fields from the same writer on, the object is called contested. */
const CONTESTED_FROM = 5;
const BACKOFF: BackoffPolicy = { baseMs: 10_000, factor: 2, maxMs: 600_000 };
/** A fight is over when it rested this much longer than the wait before its next heal would have been. */
const REST_FACTOR = 2;
const MIN_REST_MS = 60_000;
/** Looks at one object that found nothing changed are made at most this often. */
const VERIFY_MS = 1_000;
/** Looks remembered before old ones are cleared away. */
const MAX_LOOKS = 1_000;

interface Fight {
  readonly key: string;
  /** Who took which fields. */
  readonly opponent: string;
  heals: number;
  lastAt: number;
}

/** An object that somebody takes back again and again. */
export interface Contest {
  readonly key: string;
  readonly opponent: string;
  readonly heals: number;
  /** When the fight counts as over, if nothing more happens. */
  readonly endsAt: number;
}

/**
 * Remembers the heals of an app's objects, so that two writers that want different things do not write for ever: the loop
 * breaker. Each pair of object and opponent is a fight of its own, so that two opponents who take turns are both seen. Kept in
 * memory: after a restart a fight begins anew, and is recognised anew. Times are monotonic milliseconds.
 */
export class HealLedger {
  readonly #fights = new Map<string, Fight>();
  readonly #looks = new Map<string, number>();

  /** How long to wait before healing `key`, which `opponent` has changed; 0: heal now. */
  waitBeforeHeal(key: string, opponent: string, now: number): number {
    const fight = this.#current(key, opponent, now);
    return fight ? Math.max(0, fight.lastAt + pause(fight) - now) : 0;
  }

  /** How long to wait before looking at `key` once more; 0: look now. */
  waitBeforeLook(key: string, now: number): number {
    const last = this.#looks.get(key);
    return last === undefined ? 0 : Math.max(0, last + VERIFY_MS - now);
  }

  /** Records a heal that really changed something. */
  healed(key: string, opponent: string, now: number): void {
    const heals = (this.#current(key, opponent, now)?.heals ?? 0) + 1;
    this.#fights.set(fightKey(key, opponent), { key, opponent, heals, lastAt: now });
  }

  /** Records a look at an object, whatever it found. */
  looked(key: string, now: number): void {
    this.#looks.set(key, now);
    if (this.#looks.size <= MAX_LOOKS) return;
    for (const [old, at] of this.#looks) if (now - at > VERIFY_MS) this.#looks.delete(old);
  }

  /** The objects that are contested now. */
  contests(now: number): readonly Contest[] {
    const contests: Contest[] = [];
    for (const [id, fight] of this.#fights) {
      const { key, opponent, heals } = fight;
      const endsAt = fight.lastAt + rest(fight);
      if (now >= endsAt) this.#fights.delete(id);
      else if (heals >= CONTESTED_FROM) contests.push({ key, opponent, heals, endsAt });
    }
    return contests;
  }

  /** Forgets all: somebody asked for a fresh start. */
  clear(): void {
    this.#fights.clear();
    this.#looks.clear();
  }

  #current(key: string, opponent: string, now: number): Fight | undefined {
    const fight = this.#fights.get(fightKey(key, opponent));
    return fight && now < fight.lastAt + rest(fight) ? fight : undefined;
  }
}

function fightKey(key: string, opponent: string): string {
  return `${key}\n${opponent}`;
}

/** The wait before the next heal of a fight. */
function pause(fight: Fight): number {
  return fight.heals < FREE_HEALS ? 0 : backoffDelay(BACKOFF, fight.heals - FREE_HEALS + 1);
}

/** How long a fight has to rest to be over. */
function rest(fight: Fight): number {
  return Math.max(MIN_REST_MS, REST_FACTOR * pause(fight));
}
