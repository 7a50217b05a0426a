import type { GitRemote } from "../engine.js";

/** A store as the map uses it. */
interface Removable {
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/**
 * The stores of an engine, one object per remote: two would not see each other's changes. A removed store is only weakly
 * referenced, and returned as long as it is still in use.
 */
export class StoreMap<S extends Removable & WeakKey> {
  readonly #make: (remote: GitRemote) => S;
  readonly #stores = new Map<string, S>();
  readonly #removed = new Map<string, WeakRef<S>>();

  constructor(make: (remote: GitRemote) => S) {
    this.#make = make;
  }

  /** Number of stores. */
  get size(): number {
    return this.#stores.size;
  }

  /** Returns the store of a remote. */
  of(remote: GitRemote): S {
    const { id } = remote;
    const store = this.#stores.get(id) ?? this.#removed.get(id)?.deref() ?? this.#make(remote);
    this.#stores.set(id, store);
    this.#removed.delete(id);
    return store;
  }

  /** Returns whether the store of this id may be in use. */
  has(id: string): boolean {
    return this.#stores.has(id) || this.#removed.get(id)?.deref() !== undefined;
  }

  /** Returns all stores that may be in use. */
  values(): S[] {
    return this.#all().map(([, store]) => store);
  }

  /** Removes all other stores from disk and memory, each with exclusive access. */
  async removeAllBut(kept: ReadonlySet<string>): Promise<void> {
    for (const [id, store] of this.#all()) {
      if (kept.has(id)) continue;
      this.#stores.delete(id);
      this.#removed.set(id, new WeakRef(store));
      await store.exclusive(() => store.remove());
    }
  }

  /** Includes removed stores, which users may have filled again. */
  #all(): [string, S][] {
    const all = new Map(this.#stores);
    for (const [id, reference] of this.#removed) {
      const store = reference.deref();
      if (store === undefined) this.#removed.delete(id);
      else all.set(id, store);
    }
    return [...all];
  }
}
