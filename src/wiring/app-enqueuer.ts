import type { Clock } from "../base/clock.js";
import type { AppMemory } from "../controllers/overseer-app/app-memory.js";
import type { ClusterEventHandler } from "../destinations/kubernetes/cluster-connection.js";
import type { ObjectEvent } from "../destinations/kubernetes/watch/tracker.js";
import { PRIORITY, type Priority } from "../reconcile/work-queue.js";

/** Enqueues apps when something at their destination changes. */
export class AppEnqueuer implements ClusterEventHandler {
  readonly #clock: Clock;
  readonly #memories: ReadonlyMap<string, AppMemory>;
  readonly #enqueue: (app: string, priority: Priority) => void;

  constructor(
    clock: Clock,
    memories: ReadonlyMap<string, AppMemory>,
    enqueue: (app: string, priority: Priority) => void,
  ) {
    this.#clock = clock;
    this.#memories = memories;
    this.#enqueue = enqueue;
  }

  objectChanged(app: string, event: ObjectEvent): void {
    const memory = this.#memories.get(app);
    if (event !== "health" && memory) memory.driftDetectedAt ??= this.#clock.monotonic();
    this.#enqueue(app, event === "health" ? PRIORITY.change : PRIORITY.drift);
  }

  verify(app: string): void {
    this.#enqueue(app, PRIORITY.background);
  }

  /** Retries failed apps at once after a change that may unblock them. */
  retry(apps: Iterable<string>, priority: Priority = PRIORITY.background): void {
    this.#endBackoff(apps, priority);
  }

  /** Like `retry`, after a change that may have caused drift or ended a job. */
  retryForDrift(apps: Iterable<string>): void {
    this.#endBackoff(apps, PRIORITY.drift);
  }

  granted(app: string): void {
    this.#memories.get(app)?.ledger.resetRefusals();
    this.#endBackoff([app], PRIORITY.change);
  }

  rulesChanged(apps: Iterable<string>): void {
    for (const app of apps) {
      const memory = this.#memories.get(app);
      const isWaiting = memory?.awaited !== undefined;
      if (memory) memory.awaited = undefined;
      if (memory?.ledger.resetRefusals() || isWaiting) this.#enqueue(app, PRIORITY.background);
    }
  }

  #endBackoff(apps: Iterable<string>, priority: Priority): void {
    for (const app of apps) {
      this.#memories.get(app)?.retryNow();
      this.#enqueue(app, priority);
    }
  }
}
