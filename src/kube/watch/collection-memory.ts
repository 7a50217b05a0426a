import type { MemoryPart, ServerMemory } from "../client/server-memory.js";

/** Estimated bytes of an entry in the maps of a collection, without its key. */
const ENTRY_BYTES = 100;

/**
 * Counts what one collection keeps of an untrusted server: its copy, or the list that is being received to replace the copy if that is
 * larger, since most of their objects are the same.
 */
export class CollectionMemory<T> implements MemoryPart {
  readonly path: string;
  readonly #memory: ServerMemory;
  readonly #sizeOf: (object: T) => number;
  #copy = 0;
  #list = 0;
  #counted = 0;

  constructor(path: string, memory: ServerMemory, sizeOf: (object: T) => number) {
    this.path = path;
    this.#memory = memory;
    this.#sizeOf = sizeOf;
    memory.parts.add(this);
  }

  get bytes(): number {
    return this.#counted;
  }

  /** Counts an entry of the copy; without `next`, it was removed. Throws the errors of `ServerMemory.keep`. */
  copied(key: string, next: T | undefined, previous: T | undefined): void {
    this.#copy += this.#difference(key, next, previous);
    this.#count();
  }

  /** Counts an entry of the list; without `next`, it was removed. Throws the errors of `ServerMemory.keep`. */
  listed(key: string, next: T | undefined, previous: T | undefined): void {
    this.#list += this.#difference(key, next, previous);
    this.#count();
  }

  /** Frees the list: it has become the copy, or was discarded. */
  endList(): void {
    this.#list = 0;
    this.#count();
  }

  /** Frees everything. */
  close(): void {
    this.#copy = 0;
    this.endList();
    this.#memory.parts.delete(this);
  }

  #difference(key: string, next: T | undefined, previous: T | undefined): number {
    const sizeOf = (object: T | undefined): number =>
      object === undefined ? 0 : ENTRY_BYTES + key.length + this.#sizeOf(object);
    return sizeOf(next) - sizeOf(previous);
  }

  #count(): void {
    const difference = Math.max(this.#copy, this.#list) - this.#counted;
    if (difference === 0) return;
    this.#counted += difference;
    this.#memory.keep(difference);
  }
}
