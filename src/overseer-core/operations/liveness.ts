import type { Clock, Timer } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { Store } from "../store/store.js";

/** Nodes are looked at this many times within the time that one may be silent. */
const LOOKS = 5;

/**
 * Tells which nodes are there. What counts is the time since this process last heard of a node: neither a clock that was
 * set nor a time during which the Core itself was away makes a node look lost.
 */
export class Liveness {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  readonly #started: number;
  readonly #heard = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(store: Store, clock: Clock, logger: Logger, timeoutMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
    this.#started = clock.monotonic();
  }

  start(): void {
    this.#timer = this.#clock.after(this.#timeoutMs / LOOKS, () => {
      try {
        this.look();
      } catch (error) {
        this.#logger.error("cannot look for silent nodes", { error });
      }
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** A node has said something. */
  heard(nodeId: string): void {
    this.#heard.set(nodeId, this.#clock.monotonic());
    this.#store.database.transaction(() => {
      this.#store.nodes.beat(nodeId);
      this.#store.nodes.setStatus(nodeId, "online");
    });
  }

  /** Marks nodes as offline that were silent for too long. */
  look(): void {
    const oldest = this.#clock.monotonic() - this.#timeoutMs;
    for (const { id, name, status } of this.#store.nodes.list()) {
      if (status === "offline" || (this.#heard.get(id) ?? this.#started) > oldest) continue;
      this.#logger.warn("a node is silent", { node: name, timeoutMs: this.#timeoutMs });
      this.#store.database.transaction(() => this.#store.nodes.setStatus(id, "offline"));
    }
  }
}
