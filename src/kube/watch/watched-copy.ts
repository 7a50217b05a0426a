/** Where a change of the store comes from. */
interface EventOrigin {
  /** It is what the first whole list held: it need not have happened just now. */
  readonly initial: boolean;
  /** It comes from a whole list: what that holds is so, even where it is older than what was known, as after a restore of etcd. */
  readonly listed: boolean;
}

/** A change of the store. */
export type StoreEvent<T> = EventOrigin &
  (
    | { readonly type: "Added"; readonly key: string; readonly object: T }
    | { readonly type: "Modified"; readonly key: string; readonly object: T; readonly previous: T }
    | { readonly type: "Deleted"; readonly key: string; readonly previous: T }
  );

const WATCHED: EventOrigin = { initial: false, listed: false };

/** What is kept of an object, and the version it had then. */
export interface Versioned<T> {
  readonly object: T;
  readonly version: string;
}

/** A local copy of a collection. Tells of each change once: the same version of an object again is no news. */
export class WatchedCopy<T> {
  readonly objects = new Map<string, T>();
  /** Of what was told of. */
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

  /** Takes a whole list in, and tells of each difference. */
  replace(fresh: ReadonlyMap<string, Versioned<T>>, initial: boolean): void {
    const origin = { initial, listed: true };
    for (const key of [...this.objects.keys()]) if (!fresh.has(key)) this.remove(key, origin);
    for (const [key, taken] of fresh) this.put(key, taken, origin);
  }

  /** The version is noted last: what could not be told is told again. */
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

  /** Takes an object out, and tells of it if it was there. */
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

/** From "" and "0", which servers without versions send, no watch can go on, and no change can be told. */
export function usable(resourceVersion: string | undefined): string | undefined {
  return resourceVersion === "" || resourceVersion === "0" ? undefined : resourceVersion;
}
