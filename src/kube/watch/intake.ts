import type { RawObject } from "../object.js";
import { CollectionMemory } from "./collection-memory.js";
import { FreshList } from "./fresh-list.js";
import type { ReflectorOptions } from "./reflector-options.js";
import type { Versioned } from "./watched-copy.js";

/** Maximum length of a name. Most have at most 253 characters; those of roles may be longer. */
const MAX_NAME = 1024;
/** Maximum length of a UID or resourceVersion. */
const MAX_ID = 128;
/** Estimated bytes of a stored object whose collection does not say. */
const DEFAULT_BYTES = 256;

/**
 * Takes objects into a collection. Of a server with limits, an object whose name, namespace, UID or resourceVersion is no text or longer
 * than any that Kubernetes accepts is not kept, and what is kept is counted.
 */
export class Intake<T> {
  /** Undefined for a trusted server. */
  readonly memory: CollectionMemory<T> | undefined;
  readonly #options: ReflectorOptions<T>;

  constructor(options: ReflectorOptions<T>) {
    const memory = options.client.limits?.memory;
    const sizeOf = options.sizeOf ?? (() => DEFAULT_BYTES);
    this.memory = memory && new CollectionMemory(options.path, memory, sizeOf);
    this.#options = options;
  }

  /** Returns the stored form of an object; undefined if it is not kept. */
  take(raw: RawObject): Versioned<T> | undefined {
    if (this.#options.client.limits && !isIdentified(raw)) return undefined;
    const object = this.#options.reduce(raw);
    return object === undefined ? undefined : { object, version: raw.metadata.resourceVersion };
  }

  /** Starts a list. */
  list(): FreshList<T> {
    const { client, path } = this.#options;
    this.memory?.endList();
    return new FreshList(path, client.limits, (raw) => this.take(raw), this.memory);
  }
}

/** Returns whether an object has a name, UID and resourceVersion as those of Kubernetes. */
export function isIdentified({ metadata }: RawObject): boolean {
  const { name, namespace = "", uid, resourceVersion } = metadata;
  return (
    isText(name, MAX_NAME) && isText(namespace, MAX_NAME) && isText(uid, MAX_ID) && isText(resourceVersion, MAX_ID)
  );
}

function isText(value: unknown, max: number): boolean {
  return typeof value === "string" && value.length <= max;
}
