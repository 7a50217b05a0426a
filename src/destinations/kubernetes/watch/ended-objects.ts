import type { ServerMemory } from "../../../kube/client/server-memory.js";
import { appKey } from "../../../plan/live.js";
import type { ObservedObject } from "./observed-object.js";
import { observedBytes } from "./untrusted-object.js";

/** Limit of remembered objects. */
const MAX_ENDED = 2_000;

/** Finished objects that are gone, until their apps have processed them. `memory` counts them. */
export class EndedObjects {
  readonly #memory: ServerMemory | undefined;
  /** By key, oldest first. */
  readonly #objects = new Map<string, ObservedObject>();

  constructor(memory: ServerMemory | undefined) {
    this.#memory = memory;
  }

  /** Returns those of an app. */
  ofApp(app: { namespace: string; name: string }): readonly ObservedObject[] {
    if (this.#objects.size === 0) return [];
    return [...this.#objects.values()].filter((object) => appKey(object.app) === appKey(app));
  }

  /** Adds an object, and drops the oldest one if there are too many. Throws the errors of `ServerMemory.keep`. */
  add(object: ObservedObject): void {
    this.delete(object.key);
    this.#memory?.keep(observedBytes(object));
    this.#objects.set(object.key, object);
    if (this.#objects.size > MAX_ENDED) this.delete(this.#objects.keys().next().value ?? "");
  }

  /** Drops an object, which exists again. */
  delete(key: string): void {
    const object = this.#objects.size === 0 ? undefined : this.#objects.get(key);
    if (!object) return;
    this.#objects.delete(key);
    this.#memory?.keep(-observedBytes(object));
  }

  /** Drops all objects. */
  clear(): void {
    for (const key of [...this.#objects.keys()]) this.delete(key);
  }
}
