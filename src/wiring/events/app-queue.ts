import type { OverseerApp } from "../../api/overseer-app.js";
import type { Clock } from "../../base/clock.js";
import { canonicalJson } from "../../base/hash.js";
import type { AppMemory } from "../../controllers/overseer-app/app-memory.js";
import { PRIORITY, type Priority } from "../../reconcile/work-queue.js";
import type { Enqueue } from "./event-source.js";

/** Enqueues apps, and ends what keeps an enqueued app from trying again. */
export class AppQueue {
  readonly #clock: Clock;
  readonly #memories: ReadonlyMap<string, AppMemory>;
  readonly #add: (app: string, priority: Priority) => void;

  constructor(clock: Clock, memories: ReadonlyMap<string, AppMemory>, add: (app: string, priority: Priority) => void) {
    this.#clock = clock;
    this.#memories = memories;
    this.#add = add;
  }

  /** Enqueues an app. A backoff after a failure goes on. */
  enqueue(priority: Priority): Enqueue {
    return (app) => this.#add(app, priority);
  }

  /** Ends the backoff of an app, and enqueues it. */
  retry(priority: Priority): Enqueue {
    return (app) => {
      this.#memories.get(app)?.retryNow();
      this.#add(app, priority);
    };
  }

  /** Enqueues an app whose live objects may have drifted, and notes the time. */
  readonly drifted: Enqueue = (app) => {
    const memory = this.#memories.get(app);
    if (memory) memory.driftDetectedAt ??= this.#clock.monotonic();
    this.#add(app, PRIORITY.drift);
  };

  /** Reports whether the status of an app has another ledger than this process has written last. During a write that is not known. */
  hasForeignLedger({ metadata, status = {} }: OverseerApp): boolean {
    const written = this.#memories.get(`${metadata.namespace}/${metadata.name}`)?.writtenLedger;
    if (written?.appUid !== metadata.uid) return false;
    const { ledger = [], ledgerSignature } = status;
    return ledgerSignature !== written.signature || canonicalJson(ledger) !== canonicalJson(written.ledger);
  }

  /** Tries again what was refused for a missing permission. */
  readonly granted: Enqueue = (app) => {
    this.#memories.get(app)?.ledger.resetRefusals();
    this.retry(PRIORITY.change)(app);
  };

  /** Enqueues an app only if the API server has refused something of it, or if it waits for writes to be accepted. */
  readonly refusedBefore: Enqueue = (app) => {
    const memory = this.#memories.get(app);
    const isWaiting = memory?.awaited !== undefined;
    if (memory) memory.awaited = undefined;
    if (memory?.ledger.resetRefusals() || isWaiting) this.#add(app, PRIORITY.background);
  };
}
