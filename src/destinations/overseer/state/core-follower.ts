import type { ChangeKind } from "../../../api/core/changes.js";
import { MAX_WAIT_SECONDS } from "../../../api/core/changes.js";
import { type BackoffPolicy, backoffDelay, jitter } from "../../../base/backoff.js";
import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { type BucketSize, TokenBucket } from "../../../base/token-bucket.js";
import { CoreError } from "../client/core-error.js";
import type { CoreReader } from "./core-reader.js";
import type { CoreRecords } from "./core-records.js";
import { type Affected, CoreState } from "./core-state.js";

const RETRY: BackoffPolicy = { baseMs: 500, factor: 2, maxMs: 60_000 };
/** Looks of a Core that waits by itself are at least this far apart: what happens together is seen together. */
const PAUSE_MS = 20;
/** A change is seen at once, but a Core in which something changes all the time is read only so often. */
const POLL_BACKOFF: BucketSize = { burst: 40, perSecond: 4 };

/** How a Core is followed. */
export interface CoreFollowerOptions {
  readonly reader: CoreReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a Core may hold a look open, or how far looks are apart. */
  readonly intervalMs: number;
  readonly random?: () => number;
  /** Told of what concerns apps; undefined: of everything that may concern any of them. */
  readonly onEvent: (affected: Affected) => void;
}

/**
 * Keeps a picture of what a Core holds: one open request that the Core answers when something is new, or one round of
 * reads for each interval. After a fault it tries again, later each time.
 */
export class CoreFollower {
  readonly state = new CoreState();
  readonly #options: CoreFollowerOptions;
  readonly #stopping = new AbortController();
  /** Ends the wait that is under way. */
  #interrupt: AbortController | undefined;
  /** What was written while a look was under way: the look may have seen it as it was before. */
  #written: Set<string> | undefined;
  #fresh = false;
  #failures = 0;
  readonly #polls: TokenBucket;
  #problem: CoreError | undefined;
  #waiters: (() => void)[] = [];
  #loop: Promise<void> | undefined;

  constructor(options: CoreFollowerOptions) {
    this.#options = options;
    this.#polls = new TokenBucket(options.clock, POLL_BACKOFF);
  }

  /** Why the picture is not what the Core holds now; undefined while it is. */
  get problem(): CoreError | undefined {
    return this.#problem;
  }

  /** Whether the picture is whole and certain. */
  get fresh(): boolean {
    return this.#fresh && this.#problem === undefined;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#interrupt?.abort();
    this.#release();
    await this.#loop;
  }

  /** Resolves when the picture is whole, or cannot be had right now. */
  async settled(): Promise<void> {
    if (this.#fresh || this.#problem !== undefined || this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Says that it is not known what the Core holds, after a write without an answer: looks again at once. */
  verification(): void {
    this.#fresh = false;
    this.refresh();
  }

  /** Has an app looked at again, after something of it was written that it waits for. */
  notify(app: string): void {
    this.#options.onEvent({ apps: new Set([app]), everyone: false });
  }

  /** Looks again now. */
  refresh(): void {
    this.#interrupt?.abort();
  }

  /** Notes a resource as a write of ours left it. */
  wrote<K extends ChangeKind>(kind: K, seen: CoreRecords[K]): void {
    this.#written?.add(seen.id);
    this.state.put(kind, seen);
  }

  /** Notes that a resource is gone. */
  removed(kind: ChangeKind, id: string): void {
    this.#written?.add(id);
    this.state.remove(kind, id);
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#interrupt = new AbortController();
      const { signal } = this.#interrupt;
      try {
        const events = await this.#poll(signal);
        this.#recovered();
        await this.#pause(this.#backOffAfter(events), signal);
      } catch (error) {
        if (signal.aborted) continue;
        this.#failed(error);
        const delay = jitter(backoffDelay(RETRY, this.#failures), 0.2, (this.#options.random ?? Math.random)());
        await this.#pause(Math.max(delay, this.#problem?.retryAfterMs ?? 0), signal);
      }
    }
    this.#release();
  }

  /** Milliseconds until the next look. */
  #backOffAfter(events: boolean): number {
    const { reader, intervalMs } = this.#options;
    if (!reader.waits) return intervalMs;
    return events ? Math.max(PAUSE_MS, this.#polls.take()) : PAUSE_MS;
  }

  /** One look. Gives whether it brought anything. */
  async #poll(signal: AbortSignal): Promise<boolean> {
    const { reader, intervalMs, onEvent } = this.#options;
    const written = new Set<string>();
    this.#written = written;
    // While the picture is in doubt, or after a fault, nothing is waited for: the first answer ends it.
    const seconds = this.fresh ? Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.round(intervalMs / 1000))) : 0;
    const { events, confirm } = await reader.look(seconds, signal);
    this.#written = undefined;
    if (events !== undefined) {
      const affected = this.state.take(events, written);
      if (affected.apps.size > 0 || affected.everyone) onEvent(affected);
    }
    confirm(written.size > 0);
    const whole = !this.#fresh;
    this.#fresh = true;
    if (whole) onEvent({ apps: new Set(), everyone: true });
    return events !== undefined;
  }

  #recovered(): void {
    const before = this.#problem;
    this.#failures = 0;
    this.#problem = undefined;
    this.#release();
    if (before === undefined) return;
    this.#options.logger.info("the Core answers again", {});
    this.#options.onEvent({ apps: new Set(), everyone: true });
  }

  #failed(error: unknown): void {
    const before = this.#problem;
    this.#failures++;
    this.#problem =
      error instanceof CoreError ? error : new CoreError("CORE_FAILED", messageOf(error), { cause: error });
    this.#release();
    if (before?.message === this.#problem.message) return;
    this.#options.logger.warn("the Core cannot be read", { error: this.#problem.message, code: this.#problem.code });
    this.#options.onEvent({ apps: new Set(), everyone: true });
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.#options.clock.after(ms, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
