import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { type BackoffPolicy, backoffDelay, countFailure, type FailedTries, jitter } from "../base/backoff.js";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import { isServerUnavailable } from "../kube/errors.js";
import { PRIORITY, type Priority, type QueueObserver, WorkQueue } from "./work-queue.js";
import { type GroupsOf, WorkerShares } from "./worker-shares.js";

/** Result of a reconcile. */
export interface ReconcileResult {
  /** Milliseconds after which the key is added again, unless an event adds it earlier. */
  readonly requeueAfterMs?: number;
}

/** Moves one object toward its desired state. May be called, and killed, at any time. */
export type Reconcile = (key: string, logger: Logger, signal: AbortSignal) => Promise<ReconcileResult>;

/** Receives reconcile events for metrics. */
export interface ControllerObserver {
  started(): void;
  finished(result: "success" | "requeue_after" | "error", seconds: number): void;
}

/** Options of a controller. */
export interface ControllerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workers: number;
  readonly reconcile: Reconcile;
  /** Groups of keys that share the workers; see `WorkerShares`. If unset, any key may take any worker. */
  readonly groupsOf?: GroupsOf;
  readonly queueObserver?: QueueObserver;
  readonly observer?: ControllerObserver;
}

/** One additional worker per this many takes only urgent keys, because the others may all be busy with slow ones. */
const WORKERS_PER_EXPRESS = 4;

/** Backoff after unexpected errors of one key. */
const BACKOFF: BackoffPolicy = { baseMs: 200, factor: 2, maxMs: 120_000 };
/** Shorter backoff while the API server is unavailable, so that keys recover soon after it returns. */
const AWAY: BackoffPolicy = { ...BACKOFF, maxMs: 10_000 };

/** Runs workers that take keys from a queue and reconcile them. A key whose reconcile throws is retried with increasing delay. */
export class Controller {
  readonly queue: WorkQueue;
  readonly #options: ControllerOptions;
  readonly #failures = new Map<string, FailedTries>();
  readonly #stop = new AbortController();
  #workers: Promise<void>[] = [];

  constructor(options: ControllerOptions) {
    this.#options = options;
    // Every running reconcile and request adds a listener: Node would warn of a leak from the eleventh on.
    setMaxListeners(0, this.#stop.signal);
    const { clock, workers, groupsOf, queueObserver } = options;
    this.queue = new WorkQueue(clock, queueObserver, groupsOf && new WorkerShares(workers, groupsOf));
  }

  /** Starts the workers. */
  start(): void {
    if (this.#workers.length > 0) return;
    const { workers } = this.#options;
    const express = Math.ceil(workers / WORKERS_PER_EXPRESS);
    this.#workers = [
      ...Array.from({ length: workers }, () => this.#work(PRIORITY.background)),
      ...Array.from({ length: express }, () => this.#work(PRIORITY.drift)),
    ];
  }

  /** Adds every key whose last reconcile failed, because the cause may be gone. A key that fails again keeps its backoff. */
  retryFailed(): void {
    for (const key of this.#failures.keys()) this.queue.add(key, PRIORITY.background);
  }

  /** Stops taking keys, and waits for running reconciles to end. */
  async stop(): Promise<void> {
    this.queue.close();
    this.#stop.abort();
    await Promise.all(this.#workers);
  }

  async #work(upTo: Priority): Promise<void> {
    for (let key = await this.queue.take(upTo); key !== undefined; key = await this.queue.take(upTo)) {
      const started = this.#options.clock.monotonic();
      this.#options.observer?.started();
      const result = await this.#reconcile(key, started);
      this.#options.observer?.finished(result, (this.#options.clock.monotonic() - started) / 1000);
      this.queue.done(key, started);
    }
  }

  async #reconcile(key: string, startedAt: number): Promise<"success" | "requeue_after" | "error"> {
    const logger = this.#options.logger.child({
      controller: this.#options.name,
      key,
      reconcileId: randomUUID().slice(0, 8),
    });
    try {
      const { requeueAfterMs } = await this.#options.reconcile(key, logger, this.#stop.signal);
      this.#failures.delete(key);
      if (requeueAfterMs === undefined) return "success";
      this.queue.addAfter(key, requeueAfterMs, PRIORITY.background);
      return "requeue_after";
    } catch (error) {
      if (this.#stop.signal.aborted) return "error";
      const endedAt = this.#options.clock.monotonic();
      const tries = countFailure(
        this.#failures.get(key),
        { startedAt, endedAt, retryAfterMs: retryAfter(error) },
        (failures) => jitter(backoffDelay(isServerUnavailable(error) ? AWAY : BACKOFF, failures), 0.2, Math.random()),
      );
      this.#failures.set(key, tries);
      const delay = Math.max(0, tries.dueAt - endedAt);
      const stack = error instanceof OverseerError || !(error instanceof Error) ? undefined : error.stack;
      logger.error("reconcile failed", {
        error: messageOf(error),
        failures: tries.failures,
        retryInMs: Math.round(delay),
        ...(stack ? { stack } : {}),
      });
      // An earlier timer would fire before the server's Retry-After.
      this.queue.forget(key);
      this.queue.addAfter(key, delay, PRIORITY.background);
      return "error";
    }
  }
}

function retryAfter(error: unknown): number {
  return error instanceof OverseerError ? (error.retryAfterMs ?? 0) : 0;
}
