import type { EngineEvent } from "./engine.js";

/** Maximum number of remembered containers. */
const MAX_IDS = 10_000;

/** Remembers which containers a person stopped, from the events of the engine: a crash causes no `kill` event. */
export class StoppedContainers {
  readonly #ids = new Set<string>();
  readonly #signalled = new Set<string>();

  /** Ids of the containers that were stopped and not started again. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  note({ Type, Action, Actor: { ID } }: EngineEvent): void {
    if (Type !== "container") return;
    if (Action === "kill") this.#signalled.add(ID);
    if (Action === "stop" || (Action === "die" && this.#signalled.has(ID))) this.#ids.add(ID);
    if (Action === "start" || Action === "destroy") {
      this.#ids.delete(ID);
      this.#signalled.delete(ID);
    }
    for (const set of [this.#ids, this.#signalled]) {
      const [oldest] = set;
      if (set.size > MAX_IDS && oldest !== undefined) set.delete(oldest);
    }
  }
}
