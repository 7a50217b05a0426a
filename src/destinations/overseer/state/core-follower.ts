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
/** Minimum pause between long polls, which batches changes. */
const PAUSE_MS = 20;
/** Rate limit of polls, for a Core that changes all the time. */
const POLL_BACKOFF: BucketSize = { burst: 40, perSecond: 4 };

/** Options of a follower. */
export interface CoreFollowerOptions {
  readonly reader: CoreReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Duration of a long poll, or the interval of polls without one. */
  readonly intervalMs: number;
  readonly random?: () => number;
  /** Called with the apps that a change affects. */
  readonly onEvent: (affected: Affected) => void;
}

/**
 * Keeps a snapshot of a Core up to date, with a long poll or with periodic reads of all lists. Retries failed reads with
 * exponential backoff.
 */
export class CoreFollower {
  readonly state = new CoreState();
  readonly #options: CoreFollowerOptions;
  readonly #stopping = new AbortController();
  /** Aborts the current poll or pause. */
  #interrupt: AbortController | undefined;
  /** Ids written during the current poll, which may return their previous state. */
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

  /** Why the snapshot is outdated; undefined while it is current. */
  get problem(): CoreError | undefined {
    return this.#problem;
  }

  /** Whether the snapshot is complete and current. */
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

  /** Resolves when the snapshot is complete, or when reading it has failed. */
  async settled(): Promise<void> {
    if (this.#fresh || this.#problem !== undefined || this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Marks the snapshot as outdated after a write without a response, and polls immediately. */
  verification(): void {
    this.#fresh = false;
    this.refresh();
  }

  /** Enqueues an app after a write that it waits for. */
  notify(app: string): void {
    this.#options.onEvent({ apps: new Set([app]), everyone: false });
  }

  /** Polls immediately. */
  refresh(): void {
    this.#interrupt?.abort();
  }

  /** Stores a resource as returned by a write. */
  wrote<K extends ChangeKind>(kind: K, record: CoreRecords[K]): void {
    this.#written?.add(record.id);
    this.state.put(kind, record);
  }

  /** Removes a deleted resource. */
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

  /** Milliseconds until the next poll. */
  #backOffAfter(events: boolean): number {
    const { reader, intervalMs } = this.#options;
    if (!reader.waits) return intervalMs;
    return events ? Math.max(PAUSE_MS, this.#polls.take()) : PAUSE_MS;
  }

  /** Polls once. Returns whether there were changes. */
  async #poll(signal: AbortSignal): Promise<boolean> {
    const { reader, intervalMs, onEvent } = this.#options;
    const written = new Set<string>();
    this.#written = written;
    // Do not long-poll while the snapshot is outdated: the first response must make it current.
    const seconds = this.fresh ? Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.round(intervalMs / 1000))) : 0;
    const { events, confirm } = await reader.poll(seconds, signal);
    this.#written = undefined;
    if (events !== undefined) {
      const affected = this.state.take(events, written);
      if (affected.apps.size > 0 || affected.everyone) onEvent(affected);
    }
    confirm(written.size > 0);
    const completed = !this.#fresh;
    this.#fresh = true;
    if (completed) onEvent({ apps: new Set(), everyone: true });
    return events !== undefined;
  }

  #recovered(): void {
    const before = this.#problem;
    this.#failures = 0;
    this.#problem = undefined;
    this.#release();
    if (before === undefined) return;
    this.#options.logger.info("the Core is available again", {});
    this.#options.onEvent({ apps: new Set(), everyone: true });
  }

  #failed(error: unknown): void {
    const before = this.#problem;
    this.#failures++;
    this.#problem =
      error instanceof CoreError ? error : new CoreError("CORE_FAILED", messageOf(error), { cause: error });
    this.#release();
    if (before?.message === this.#problem.message) return;
    this.#options.logger.warn("cannot read the Core", { error: this.#problem.message, code: this.#problem.code });
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
