import { checkObjects, type ServerLimits } from "../client/server-limits.js";
import type { RawObject } from "../object.js";
import { endsList, type WatchEvent } from "./watch-event.js";
import type { Versioned } from "./watched-copy.js";

/** A list being received, in pages or as the initial events of a watch. */
export class FreshList<T> {
  readonly #objects = new Map<string, Versioned<T>>();
  readonly #path: string;
  readonly #limits: ServerLimits | undefined;
  readonly #take: (raw: RawObject) => Versioned<T>;
  #bookmarks = 0;

  /** `take` reduces an object to the stored form. */
  constructor(path: string, limits: ServerLimits | undefined, take: (raw: RawObject) => Versioned<T>) {
    this.#path = path;
    this.#limits = limits;
    this.#take = take;
  }

  /** The received objects, by `storeKey`. */
  get objects(): ReadonlyMap<string, Versioned<T>> {
    return this.#objects;
  }

  /** Adds an object. Throws ResponseTooLargeError if there are more than allowed. */
  add(raw: RawObject): void {
    this.#objects.set(storeKey(raw), this.#take(raw));
    checkObjects(this.#objects.size, this.#limits, this.#path);
  }

  /**
   * Adds an event and returns the state of the list. A server without streaming lists sends plain watch events instead, which
   * its repeated bookmarks reveal.
   */
  addEvent(event: WatchEvent): "incomplete" | "complete" | "unsupported" {
    if (event.type === "BOOKMARK") {
      if (endsList(event)) return "complete";
      return ++this.#bookmarks > 1 ? "unsupported" : "incomplete";
    }
    if (event.type === "DELETED") this.#objects.delete(storeKey(event.object));
    else this.add(event.object);
    return "incomplete";
  }
}

/** Namespace and name of an object. */
export interface StoredName {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Returns the key of an object in a reflector's store: `namespace/name`, or only the name. */
export function storeKey({ metadata: { namespace, name } }: StoredName): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}
