import type { Clock, Timer } from "../base/clock.js";

/** Told what a queue does, for the metrics. */
export interface QueueObserver {
  added(depth: number): void;
  taken(depth: number, waitedSeconds: number): void;
  finished(workedSeconds: number): void;
}

/** How urgent a key is; the lower number goes first. */
export const PRIORITY = { drift: 0, user: 1, change: 2, background: 3 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

const LEVELS = 4;

/** Somebody who waits for a key that is at least so urgent. */
interface Taker {
  readonly upTo: Priority;
  readonly give: (key: string | undefined) => void;
}

/**
 * Keys to work on. A key is in it once however often it is added; a key that is being worked on and added again is given
 * out again when the work has ended, never twice at once. Nothing that is added gets lost.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver | undefined;
  /** Per priority: key → when it was added. Insertion order is the order of work. */
  readonly #levels: Map<string, number>[] = Array.from({ length: LEVELS }, () => new Map());
  readonly #working = new Set<string>();
  /** Keys that were added while they were being worked on. */
  readonly #again = new Map<string, Priority>();
  readonly #timers = new Map<string, { timer: Timer; at: number }>();
  #takers: Taker[] = [];
  #closed = false;

  constructor(clock: Clock, observer?: QueueObserver) {
    this.#clock = clock;
    this.#observer = observer;
  }

  /** How many keys wait. */
  get depth(): number {
    return this.#levels.reduce((sum, level) => sum + level.size, 0);
  }

  /** Whether nothing waits and nothing is worked on (timers aside). */
  get idle(): boolean {
    return this.depth === 0 && this.#working.size === 0;
  }

  /** Adds a key now. If it waits already with less urgency, it moves forward. */
  add(key: string, priority: Priority): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      const known = this.#again.get(key);
      this.#again.set(key, known === undefined ? priority : (Math.min(known, priority) as Priority));
      return;
    }
    let addedAt = this.#clock.monotonic();
    for (let level = 0; level < LEVELS; level++) {
      const waitsSince = this.#levels[level]?.get(key);
      if (waitsSince === undefined) continue;
      if (level <= priority) return;
      this.#levels[level]?.delete(key);
      addedAt = waitsSince;
    }
    this.#levels[priority]?.set(key, addedAt);
    this.#observer?.added(this.depth);
    this.#serve();
  }

  /** Adds a key after `ms`. An earlier time that is set already stays; a later one is brought forward. */
  addAfter(key: string, ms: number, priority: Priority): void {
    if (this.#closed) return;
    const at = this.#clock.monotonic() + ms;
    const set = this.#timers.get(key);
    if (set && set.at <= at) return;
    set?.timer.cancel();
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(key);
      this.add(key, priority);
    });
    this.#timers.set(key, { timer, at });
  }

  /** Calls off the timer of a key. */
  forget(key: string): void {
    this.#timers.get(key)?.timer.cancel();
    this.#timers.delete(key);
  }

  /**
   * The next key, as soon as there is one; undefined once the queue is closed. Call `done` with it afterwards. With `upTo` only
   * a key that is at least so urgent, and only if nobody is free who takes any.
   */
  take(upTo: Priority = PRIORITY.background): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((give) => {
      this.#takers.push({ upTo, give });
      this.#serve();
    });
  }

  /** Says that the work on a key has ended. */
  done(key: string, startedAt: number): void {
    this.#working.delete(key);
    this.#observer?.finished((this.#clock.monotonic() - startedAt) / 1000);
    const again = this.#again.get(key);
    if (again === undefined) return;
    this.#again.delete(key);
    this.add(key, again);
  }

  /** Gives out nothing any more. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const { give } of this.#takers) give(undefined);
    this.#takers = [];
  }

  #serve(): void {
    for (;;) {
      const priority = this.#levels.findIndex((candidate) => candidate.size > 0);
      const level = this.#levels[priority];
      const entry = level?.entries().next().value;
      const taker = this.#takerFor(priority);
      if (!level || !entry || !taker) return;
      const [key, addedAt] = entry;
      level.delete(key);
      this.#working.add(key);
      this.#observer?.taken(this.depth, (this.#clock.monotonic() - addedAt) / 1000);
      taker.give(key);
    }
  }

  /** Takes out who is least choosy of those who take a key of this urgency; the first come of them. */
  #takerFor(priority: number): Taker | undefined {
    const able = this.#takers.filter(({ upTo }) => upTo >= priority);
    const taker = able.reduce<Taker | undefined>(
      (best, one) => (best && best.upTo >= one.upTo ? best : one),
      undefined,
    );
    if (taker && priority >= 0) this.#takers.splice(this.#takers.indexOf(taker), 1);
    return taker;
  }
}
