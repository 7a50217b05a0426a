import type { CoreNodeUsage } from "../../api/core/node.js";
import type { Clock, Timer } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { Store } from "../store/store.js";

/** Checks per heartbeat timeout. */
const CHECKS_PER_TIMEOUT = 5;

/**
 * Tracks which nodes are online. It measures the time since this process received the last heartbeat of a node, so that
 * neither clock changes nor downtime of the Core make a node appear offline.
 */
export class Liveness {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  readonly #started: number;
  readonly #lastHeartbeats = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(store: Store, clock: Clock, logger: Logger, timeoutMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
    this.#started = clock.monotonic();
  }

  start(): void {
    this.#timer = this.#clock.after(this.#timeoutMs / CHECKS_PER_TIMEOUT, () => {
      try {
        this.check();
      } catch (error) {
        this.#logger.error("heartbeat check failed", { error });
      }
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Records a heartbeat of a node. */
  recordHeartbeat(nodeId: string, usage?: CoreNodeUsage): void {
    this.#lastHeartbeats.set(nodeId, this.#clock.monotonic());
    this.#store.database.transaction(() => {
      this.#store.nodes.recordHeartbeat(nodeId, usage);
      this.#store.nodes.setStatus(nodeId, "online");
    });
  }

  /** Marks nodes whose heartbeat timed out as offline. */
  check(): void {
    const oldest = this.#clock.monotonic() - this.#timeoutMs;
    for (const { id, name, status } of this.#store.nodes.list()) {
      if (status === "offline" || (this.#lastHeartbeats.get(id) ?? this.#started) > oldest) continue;
      this.#logger.warn("node is offline: heartbeat timed out", { node: name, timeoutMs: this.#timeoutMs });
      this.#store.database.transaction(() => this.#store.nodes.setStatus(id, "offline"));
    }
  }
}
