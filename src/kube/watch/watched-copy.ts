/** Origin of a store change. */
interface EventOrigin {
  /** From the first complete list, so the change may be old. */
  readonly initial: boolean;
  /** From a complete list, which is authoritative even if older than the known state, as after a restore of etcd. */
  readonly listed: boolean;
}

/** A store change. */
export type StoreEvent<T> = EventOrigin &
  (
    | { readonly type: "Added"; readonly key: string; readonly object: T }
    | { readonly type: "Modified"; readonly key: string; readonly object: T; readonly previous: T }
    | { readonly type: "Deleted"; readonly key: string; readonly previous: T }
  );

const WATCHED: EventOrigin = { initial: false, listed: false };

/** Stored form of an object, and its resourceVersion. */
export interface Versioned<T> {
  readonly object: T;
  readonly version: string;
}

/** A local copy of a collection. Reports each change once: the same version of an object is ignored. */
export class WatchedCopy<T> {
  readonly objects = new Map<string, T>();
  /** Versions of the reported objects. */
  readonly #versions = new Map<string, string>();
  readonly #uidOf: (object: T) => string;
  readonly #onEvent: (event: StoreEvent<T>) => void;

  constructor(options: {
    readonly uidOf: (object: T) => string;
    readonly onEvent: (event: StoreEvent<T>) => void;
  }) {
    this.#uidOf = options.uidOf;
    this.#onEvent = options.onEvent;
  }

  /** Replaces the content with a complete list and reports each difference. */
  replace(fresh: ReadonlyMap<string, Versioned<T>>, initial: boolean): void {
    const origin = { initial, listed: true };
    for (const key of [...this.objects.keys()]) if (!fresh.has(key)) this.remove(key, origin);
    for (const [key, taken] of fresh) this.put(key, taken, origin);
  }

  /** The version is stored last, so that a change whose handler failed is reported again. */
  put(key: string, { object, version }: Versioned<T>, origin: EventOrigin = WATCHED): void {
    const previous = this.objects.get(key);
    const replaced = previous !== undefined && this.#uidOf(previous) !== this.#uidOf(object);
    if (previous !== undefined && !replaced && this.#isCurrent(key, version)) return;
    if (replaced) this.remove(key, origin);
    this.#versions.delete(key);
    this.objects.set(key, object);
    if (previous === undefined || replaced) this.#onEvent({ type: "Added", key, object, ...origin });
    else this.#onEvent({ type: "Modified", key, object, previous, ...origin });
    this.#versions.set(key, version);
  }

  /** Removes an object and reports it if it existed. */
  remove(key: string, origin: EventOrigin = WATCHED): void {
    const previous = this.objects.get(key);
    if (previous === undefined) return;
    this.objects.delete(key);
    this.#versions.delete(key);
    this.#onEvent({ type: "Deleted", key, previous, ...origin });
  }

  #isCurrent(key: string, version: string): boolean {
    return usable(version) !== undefined && this.#versions.get(key) === version;
  }
}

/** Returns undefined for "" and "0", which servers without versions send: no watch can resume and no change be detected by them. */
export function usable(resourceVersion: string | undefined): string | undefined {
  return resourceVersion === "" || resourceVersion === "0" ? undefined : resourceVersion;
}
