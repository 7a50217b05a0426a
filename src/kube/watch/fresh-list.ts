import { checkObjects, type ServerLimits } from "../client/server-limits.js";
import type { RawObject } from "../object.js";
import { endsList, type WatchEvent } from "./watch-event.js";
import type { Versioned } from "./watched-copy.js";

/** A list as it comes in, by pages or as the beginning of a watch. */
export class FreshList<T> {
  readonly #objects = new Map<string, Versioned<T>>();
  readonly #path: string;
  readonly #limits: ServerLimits | undefined;
  readonly #take: (raw: RawObject) => Versioned<T>;
  #bookmarks = 0;

  /** `take` reduces an object to what is kept of it. */
  constructor(path: string, limits: ServerLimits | undefined, take: (raw: RawObject) => Versioned<T>) {
    this.#path = path;
    this.#limits = limits;
    this.#take = take;
  }

  /** What has come, by `storeKey`. */
  get objects(): ReadonlyMap<string, Versioned<T>> {
    return this.#objects;
  }

  /** Takes an object in. Throws AnswerTooLargeError when there are more than are kept. */
  add(raw: RawObject): void {
    this.#objects.set(storeKey(raw), this.#take(raw));
    checkObjects(this.#objects.size, this.#limits, this.#path);
  }

  /**
   * Takes an event in: the list may be whole by it. A server that knows no list as the beginning of a watch goes on as for
   * every watch: its bookmarks tell.
   */
  hear(event: WatchEvent): "goes on" | "is whole" | "is none" {
    if (event.type === "BOOKMARK") {
      if (endsList(event)) return "is whole";
      return ++this.#bookmarks > 1 ? "is none" : "goes on";
    }
    if (event.type === "DELETED") this.#objects.delete(storeKey(event.object));
    else this.add(event.object);
    return "goes on";
  }
}

/** What names an object in a collection. */
export interface StoredName {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Key of an object in a reflector's store: `namespace/name`, or the name alone. */
export function storeKey({ metadata: { namespace, name } }: StoredName): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}
