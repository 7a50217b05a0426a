import type { GitRemote } from "../engine.js";

/** What the map has to know of a store. */
interface Removable {
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/**
 * The stores of an engine, one object for each remote: two would not see each other's changes. A store that was removed is
 * held by nobody but who still works with it; as long as somebody does, it is the one that is given.
 */
export class StoreMap<S extends Removable & WeakKey> {
  readonly #make: (remote: GitRemote) => S;
  readonly #stores = new Map<string, S>();
  readonly #removed = new Map<string, WeakRef<S>>();

  constructor(make: (remote: GitRemote) => S) {
    this.#make = make;
  }

  /** How many stores are held. */
  get size(): number {
    return this.#stores.size;
  }

  /** The store of a remote. */
  of(remote: GitRemote): S {
    const { id } = remote;
    const store = this.#stores.get(id) ?? this.#removed.get(id)?.deref() ?? this.#make(remote);
    this.#stores.set(id, store);
    this.#removed.delete(id);
    return store;
  }

  /** Whether somebody may be at work with the store of this id. */
  has(id: string): boolean {
    return this.#stores.has(id) || this.#removed.get(id)?.deref() !== undefined;
  }

  /** All stores that somebody may work with. */
  values(): S[] {
    return this.#all().map(([, store]) => store);
  }

  /** Removes all stores but these from the disk and from memory, each one when nobody changes it. */
  async removeAllBut(kept: ReadonlySet<string>): Promise<void> {
    for (const [id, store] of this.#all()) {
      if (kept.has(id)) continue;
      this.#stores.delete(id);
      this.#removed.set(id, new WeakRef(store));
      await store.exclusive(() => store.remove());
    }
  }

  /** With those that were removed and may have come back by who worked with them. */
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
