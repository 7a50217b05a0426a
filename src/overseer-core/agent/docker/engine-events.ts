import { type BackoffPolicy, backoffDelay } from "../../../base/backoff.js";
import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { pause } from "../pause.js";
import type { DockerEngine, EngineEvent } from "./engine.js";

const RETRY: BackoffPolicy = { baseMs: 250, factor: 2, maxMs: 5_000 };

/** Listener of the events of the engine. */
export interface EventListener {
  /** The events are followed from now on; earlier ones may be lost. */
  opened?(): void;
  event?(event: EngineEvent): void;
  /** The engine does not respond. */
  failed?(message: string): void;
}

/** Follows the events of the Docker engine on one connection, and opens it again when it ends. */
export class EngineEvents {
  readonly #engine: DockerEngine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners = new Set<EventListener>();

  constructor(engine: DockerEngine, clock: Clock, logger: Logger) {
    this.#engine = engine;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Adds a listener; returns a function that removes it. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the events until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const opened = (): void => {
          failures = 0;
          for (const listener of this.#listeners) listener.opened?.();
        };
        await this.#engine.follow(opened, (event) => this.#pass(event), signal);
        throw new Error("the Docker engine ended the connection");
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.#logger.warn("Docker events are interrupted", { error: messageOf(error), failures });
        for (const listener of this.#listeners) listener.failed?.(messageOf(error));
        await pause(this.#clock, backoffDelay(RETRY, failures), signal).catch(() => {});
      }
    }
  }

  #pass(event: EngineEvent): void {
    for (const listener of [...this.#listeners]) listener.event?.(event);
  }
}
