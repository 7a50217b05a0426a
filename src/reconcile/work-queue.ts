import type { Clock, Timer } from "../base/clock.js";
import type { WorkerShares } from "./worker-shares.js";

/** Receives queue events for metrics. */
export interface QueueObserver {
  added(depth: number): void;
  taken(depth: number, waitedSeconds: number): void;
  finished(workedSeconds: number): void;
}

/** Priorities of keys; lower numbers go first. */
export const PRIORITY = { drift: 0, user: 1, change: 2, background: 3 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

const LEVELS = 4;
/** A key that has waited longer, in milliseconds, is delivered before keys of higher priority, but only every few deliveries. */
const LONG_MS = 10_000;
const TURN = 4;

/** A worker that waits for a key of at least this priority. */
interface Taker {
  readonly upTo: Priority;
  readonly give: (key: string | undefined) => void;
}

/**
 * Queue of keys with priorities, in which no key waits forever behind a steady stream of higher ones. Holds each key at most once. A key added while it is being processed is delivered again when
 * processing ends, never twice at once. No added key is lost.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver | undefined;
  readonly #shares: WorkerShares | undefined;
  /** Keys whose group has its share of the workers, like `#levels`: they wait until another one of the group is done. */
  readonly #held: Map<string, number>[] = Array.from({ length: LEVELS }, () => new Map());
  /** Per priority: key → time added. Insertion order is delivery order. */
  readonly #levels: Map<string, number>[] = Array.from({ length: LEVELS }, () => new Map());
  readonly #processing = new Set<string>();
  /** Keys added while being processed. */
  readonly #again = new Map<string, Priority>();
  readonly #timers = new Map<string, { timer: Timer; at: number }>();
  #takers: Taker[] = [];
  /** Deliveries since the last one of a key that had waited long. */
  #sinceLong = 0;
  #closed = false;

  /** `shares` limits how many keys of a group are processed at once; if unset, nothing does. */
  constructor(clock: Clock, observer?: QueueObserver, shares?: WorkerShares) {
    this.#clock = clock;
    this.#observer = observer;
    this.#shares = shares;
  }

  /** Number of waiting keys. */
  get depth(): number {
    return [...this.#levels, ...this.#held].reduce((sum, level) => sum + level.size, 0);
  }

  /** Milliseconds for which the oldest waiting key has waited; 0 if none waits. */
  get oldestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const level of [...this.#levels, ...this.#held])
      for (const addedAt of level.values()) oldest = Math.min(oldest, addedAt);
    return Number.isFinite(oldest) ? this.#clock.monotonic() - oldest : 0;
  }

  /** Whether no key waits or is being processed, apart from timers. */
  get idle(): boolean {
    return this.depth === 0 && this.#processing.size === 0;
  }

  /** Adds a key. Raises the priority of a key that already waits. */
  add(key: string, priority: Priority): void {
    if (this.#closed) return;
    if (this.#processing.has(key)) {
      const known = this.#again.get(key);
      this.#again.set(key, known === undefined ? priority : (Math.min(known, priority) as Priority));
      return;
    }
    let addedAt = this.#clock.monotonic();
    for (const levels of [this.#levels, this.#held])
      for (let level = 0; level < LEVELS; level++) {
        const waitsSince = levels[level]?.get(key);
        if (waitsSince === undefined) continue;
        if (level <= priority) return;
        levels[level]?.delete(key);
        addedAt = waitsSince;
      }
    this.#levels[priority]?.set(key, addedAt);
    this.#observer?.added(this.depth);
    this.#serve();
  }

  /** Adds a key after `ms`. Keeps an earlier timer, and replaces a later one. */
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

  /** Cancels the timer of a key. */
  forget(key: string): void {
    this.#timers.get(key)?.timer.cancel();
    this.#timers.delete(key);
  }

  /**
   * Returns the next key as soon as there is one; undefined once the queue is closed. Call `done` with it afterwards. `upTo` limits
   * it to keys of at least this priority; unlimited takers are served first.
   */
  take(upTo: Priority = PRIORITY.background): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((give) => {
      this.#takers.push({ upTo, give });
      this.#serve();
    });
  }

  /** Marks the processing of a key as finished. */
  done(key: string, startedAt: number): void {
    this.#processing.delete(key);
    this.#shares?.end(key);
    this.#observer?.finished((this.#clock.monotonic() - startedAt) / 1000);
    const again = this.#again.get(key);
    this.#again.delete(key);
    if (again !== undefined) this.add(key, again);
    this.#releaseHeld();
  }

  /** Closes the queue: no further key is delivered. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const { give } of this.#takers) give(undefined);
    this.#takers = [];
  }

  #serve(): void {
    for (;;) {
      const urgent = this.#levels.findIndex((candidate) => candidate.size > 0);
      const priority = this.#longWaiting(urgent) ?? urgent;
      const level = this.#levels[priority];
      const entry = level?.entries().next().value;
      const taker = this.#takerFor(priority);
      if (!level || !entry || !taker) return;
      const [key, addedAt] = entry;
      level.delete(key);
      if (this.#shares?.start(key) === false) {
        this.#held[priority]?.set(key, addedAt);
        this.#takers.unshift(taker);
        continue;
      }
      this.#sinceLong = priority === urgent ? this.#sinceLong + 1 : 0;
      this.#processing.add(key);
      this.#observer?.taken(this.depth, (this.#clock.monotonic() - addedAt) / 1000);
      taker.give(key);
    }
  }

  /** Returns the most urgent held key whose groups have room to the waiting ones: a key that is done makes room for one. */
  #releaseHeld(): void {
    for (const [priority, held] of this.#held.entries())
      for (const [key, addedAt] of held) {
        if (!this.#shares?.hasRoom(key)) continue;
        held.delete(key);
        this.#levels[priority]?.set(key, addedAt);
        this.#serve();
        return;
      }
  }

  /** Returns the priority below `urgent` whose turn it is, since its first key has waited long, if a taker serves it. */
  #longWaiting(urgent: number): number | undefined {
    if (urgent < 0 || this.#sinceLong < TURN - 1) return undefined;
    const before = this.#clock.monotonic() - LONG_MS;
    const found = this.#levels.findIndex((level, priority) => {
      const [addedAt] = level.values();
      return priority > urgent && addedAt !== undefined && addedAt < before;
    });
    return found >= 0 && this.#takers.some(({ upTo }) => upTo >= found) ? found : undefined;
  }

  /** Removes and returns the least limited taker for this priority, first come first served. */
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
