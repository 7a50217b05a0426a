import type { ServerMemory } from "../../../kube/client/server-memory.js";
import { appKey } from "../../../plan/live.js";
import type { ObservedObject } from "./observed-object.js";
import { observedBytes } from "./untrusted-object.js";

/** The objects of a tracker, by key and by app. `memory` counts them. */
export class TrackedObjects<Entry extends { readonly object: ObservedObject }> {
  readonly #memory: ServerMemory | undefined;
  readonly #objects = new Map<string, Entry>();
  readonly #byApp = new Map<string, Set<string>>();

  constructor(memory: ServerMemory | undefined) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Entry | undefined {
    return this.#objects.get(key);
  }

  /** Yields all objects. */
  all(): Iterable<Entry> {
    return this.#objects.values();
  }

  /** Yields the objects with the labels of an app. */
  *ofApp(app: { namespace: string; name: string }): Iterable<Entry> {
    for (const key of this.#byApp.get(appKey(app)) ?? []) {
      const entry = this.#objects.get(key);
      if (entry) yield entry;
    }
  }

  /** Stores an object. Throws the errors of `ServerMemory.keep`. */
  set(entry: Entry): void {
    const { key } = entry.object;
    const previous = this.#objects.get(key)?.object;
    this.#count(entry.object, previous);
    this.#objects.set(key, entry);
    const app = appKey(entry.object.app);
    const keys = this.#byApp.get(app) ?? new Set();
    keys.add(key);
    this.#byApp.set(app, keys);
  }

  /** Removes an object, and returns it. */
  delete(key: string): Entry | undefined {
    const entry = this.#objects.get(key);
    if (!entry) return undefined;
    this.#objects.delete(key);
    const app = appKey(entry.object.app);
    const keys = this.#byApp.get(app);
    keys?.delete(key);
    if (keys?.size === 0) this.#byApp.delete(app);
    this.#count(undefined, entry.object);
    return entry;
  }

  /** Removes all objects. */
  clear(): void {
    for (const key of [...this.#objects.keys()]) this.delete(key);
  }

  #count(next: ObservedObject | undefined, previous: ObservedObject | undefined): void {
    if (this.#memory === undefined || next === previous) return;
    const sizeOf = (object: ObservedObject | undefined): number => (object === undefined ? 0 : observedBytes(object));
    this.#memory.keep(sizeOf(next) - sizeOf(previous));
  }
}
