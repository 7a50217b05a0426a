import type { Clock } from "../base/clock.js";
import type { AppMemory } from "../controllers/overseer-app/memory.js";
import type { ClusterNews } from "../destinations/kubernetes/cluster-connection.js";
import type { ObjectNews } from "../destinations/kubernetes/tracker.js";
import { PRIORITY, type Priority } from "../reconcile/work-queue.js";

/** Brings apps to the queue when something at their destination changed. */
export class AppWakes implements ClusterNews {
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

  objectChanged(app: string, news: ObjectNews): void {
    const memory = this.#memories.get(app);
    if (news !== "health" && memory) memory.driftSeenAt ??= this.#clock.monotonic();
    this.#enqueue(app, news === "health" ? PRIORITY.change : PRIORITY.drift);
  }

  look(app: string): void {
    this.#enqueue(app, PRIORITY.background);
  }

  /** Something changed that may be what failed apps wait for: their rest ends. */
  wake(apps: Iterable<string>): void {
    this.#endRest(apps, PRIORITY.background);
  }

  /** The same, where somebody may have changed what is live: drift, the end of a job. */
  wakeForDrift(apps: Iterable<string>): void {
    this.#endRest(apps, PRIORITY.drift);
  }

  granted(app: string): void {
    this.#memories.get(app)?.ledger.forgiveRefusals();
    this.#endRest([app], PRIORITY.change);
  }

  rulesChanged(apps: Iterable<string>): void {
    for (const app of apps) {
      const memory = this.#memories.get(app);
      const waits = memory?.awaited !== undefined;
      if (memory) memory.awaited = undefined;
      if (memory?.ledger.forgiveRefusals() || waits) this.#enqueue(app, PRIORITY.background);
    }
  }

  #endRest(apps: Iterable<string>, priority: Priority): void {
    for (const app of apps) {
      this.#memories.get(app)?.retryNow();
      this.#enqueue(app, priority);
    }
  }
}
